package org.codanet.data.dataset;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.codanet.file.FileFormatException;
import org.codanet.file.npy.NpyReader;
import org.codanet.file.npy.NpzFile;

/**
 * The NumPy arrays of a data set: {@code .npy} files of a folder, or one {@code .npz} file. Arrays are found by name. Images are
 * {@code X_train}, {@code x_train} or {@code train_images}, the same with {@code test}, {@code val} or {@code valid}, or {@code X}.
 * Labels are named in the same way, with {@code y} and {@code labels}.
 */
final class ImageArrays implements Closeable {
    static final String LABEL_TYPES = "labels are integers, one per image";
    private static final String IMAGE_TYPES = "images are floats in [0, 1] or integers in 0..255";
    private static final String NAMES = "name them X_train, y_train, X_test and y_test, or X and y";
    private static final List<String> TEST_NAMES = List.of("test", "val", "valid", "validation");

    private final Path place;
    private final List<String> names;
    private final Optional<NpzFile> archive;

    private ImageArrays(Path place, List<String> names, Optional<NpzFile> archive) {
        this.place = place;
        this.names = names;
        this.archive = archive;
    }

    /** {@return whether a folder holds arrays of images} */
    static boolean isIn(Path folder) throws IOException {
        if (!npzFiles(folder).isEmpty()) {
            return true;
        }
        List<String> names = npyNames(folder);
        return Stream.of(Split.values()).anyMatch(split -> images(names, split).isPresent())
                || unsplitImages(names).isPresent();
    }

    /** {@return whether a path is a single file of arrays} */
    static boolean isFile(Path file) {
        return Files.isRegularFile(file)
                && (file.toString().endsWith(".npy") || file.toString().endsWith(".npz"));
    }

    /** {@return the arrays of a folder or of a .npz file, or the single array of a .npy file; the caller closes them} */
    static ImageArrays open(Path place) throws IOException {
        if (Files.isRegularFile(place)) {
            return place.toString().endsWith(".npz")
                    ? ofArchive(place)
                    : new ImageArrays(place, List.of("X"), Optional.empty());
        }
        List<Path> archives = npzFiles(place);
        List<String> names = npyNames(place);
        if (archives.isEmpty()) {
            return new ImageArrays(place, names, Optional.empty());
        }
        if (archives.size() > 1
                || Stream.of(Split.values())
                        .anyMatch(split -> images(names, split).isPresent())) {
            throw new FileFormatException(
                    place.toString(),
                    "holds several sets of arrays, " + archives.getFirst().getFileName() + " and others;"
                            + " give one .npz file in place of the folder");
        }
        return ofArchive(archives.getFirst());
    }

    private static ImageArrays ofArchive(Path file) throws IOException {
        NpzFile archive = NpzFile.open(file);
        return new ImageArrays(file, archive.names(), Optional.of(archive));
    }

    private static List<Path> npzFiles(Path folder) throws IOException {
        return files(folder, ".npz");
    }

    private static List<String> npyNames(Path folder) throws IOException {
        return files(folder, ".npy").stream()
                .map(file -> file.getFileName().toString())
                .map(name -> name.substring(0, name.length() - ".npy".length()))
                .toList();
    }

    private static List<Path> files(Path folder, String end) throws IOException {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(
                    folder,
                    entry -> !entry.getFileName().toString().startsWith(".")
                            && entry.toString().endsWith(end)
                            && Files.isRegularFile(entry))) {
                entries.forEach(files::add);
            }
        }
        files.sort(null);
        return files;
    }

    private static Optional<String> images(List<String> names, Split split) {
        return splitNames(split).stream()
                .flatMap(part -> Stream.of("X_" + part, "x_" + part, part + "_images", part + "_x", part + "_X"))
                .filter(names::contains)
                .findFirst();
    }

    private static Optional<String> labels(List<String> names, Split split) {
        return splitNames(split).stream()
                .flatMap(part -> Stream.of("y_" + part, "Y_" + part, part + "_labels", part + "_y", part + "_Y"))
                .filter(names::contains)
                .findFirst();
    }

    private static Optional<String> unsplitImages(List<String> names) {
        return Stream.of("X", "x", "images").filter(names::contains).findFirst();
    }

    private static List<String> splitNames(Split split) {
        return split == Split.TEST ? TEST_NAMES : List.of("train");
    }

    /** {@return whether training and test images are separate arrays} */
    boolean isSplit() {
        return Stream.of(Split.values()).anyMatch(split -> images(names, split).isPresent());
    }

    /** {@return the images of a part, or all images if the data set is not split; the caller closes the reader} */
    NpyReader images(Split split) throws IOException {
        Optional<String> name = isSplit() ? images(names, split) : unsplitImages(names);
        if (name.isEmpty()) {
            throw new FileFormatException(
                    place.toString(),
                    isSplit()
                            ? String.format(
                                    Locale.ROOT, "has no X_%s, so it has no %s images", split.folder(), split.word())
                            : "holds the arrays " + names + ", which are not known as images; " + NAMES);
        }
        return read(name.get(), IMAGE_TYPES);
    }

    /** {@return the labels of a part; empty if there are none; the caller closes the reader} */
    Optional<NpyReader> labels(Split split) throws IOException {
        Optional<String> name = isSplit()
                ? labels(names, split)
                : Stream.of("y", "Y", "labels").filter(names::contains).findFirst();
        return name.isPresent() ? Optional.of(read(name.get(), LABEL_TYPES)) : Optional.empty();
    }

    private NpyReader read(String name, String wanted) throws IOException {
        if (archive.isPresent()) {
            return archive.get().read(name, wanted);
        }
        return NpyReader.open(Files.isRegularFile(place) ? place : place.resolve(name + ".npy"), wanted);
    }

    /** {@return the names of the arrays that are not recognised, sorted} */
    List<String> unknownNames() {
        TreeSet<String> unknown = new TreeSet<>(names);
        for (Split split : Split.values()) {
            images(names, split).ifPresent(unknown::remove);
            labels(names, split).ifPresent(unknown::remove);
        }
        if (!isSplit()) {
            List.of("X", "x", "images", "y", "Y", "labels").forEach(unknown::remove);
        }
        return List.copyOf(unknown);
    }

    @Override
    public void close() throws IOException {
        if (archive.isPresent()) {
            archive.get().close();
        }
    }
}
