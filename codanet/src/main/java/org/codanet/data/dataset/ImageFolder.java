package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.codanet.data.decode.Images;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.file.FileName;

/**
 * A folder of pictures, one folder a class: {@code train/<class>/*.jpg} and {@code test/<class>/*.jpg} ({@code val} for
 * {@code test}), or the class folders alone, which are then not split. Labels follow the order of the classes' names;
 * pictures are sorted by name. Pictures are decoded as they are asked for.
 */
final class ImageFolder extends LabelledImages {
    private static final List<String> TEST_NAMES = List.of("test", "val", "validation");
    private final List<Path> files;

    private ImageFolder(ImageFacts facts, List<Path> files, int[] labels) {
        super(facts, labels);
        this.files = files;
    }

    /** {@return whether training and test images lie apart} */
    static boolean isSplit(Path folder) {
        return splitFolder(folder, Split.TRAIN).isPresent()
                || splitFolder(folder, Split.TEST).isPresent();
    }

    private static Optional<Path> splitFolder(Path folder, Split split) {
        List<String> names = split == Split.TEST ? TEST_NAMES : List.of(split.folder());
        return names.stream().map(folder::resolve).filter(Files::isDirectory).findFirst();
    }

    static ImageDataset open(Path folder, Split split, DatasetMetadata metadata) throws IOException {
        boolean isSplit = isSplit(folder);
        Path root = !isSplit
                ? folder
                : splitFolder(folder, split)
                        .orElseThrow(() -> new FileFormatException(
                                folder.toString(),
                                String.format(
                                        Locale.ROOT,
                                        "has no folder %s, so it has no %s images",
                                        split == Split.TEST ? "test or val" : split.folder(),
                                        split.word())));
        List<Path> classFolders = entries(root, Files::isDirectory);
        if (classFolders.isEmpty()) {
            boolean loose = !entries(root, Images::isNamedAsPicture).isEmpty();
            throw new FileFormatException(
                    root.toString(),
                    loose
                            ? "has pictures but no class folders; sort them into train/<class>/ and test/<class>/"
                            : "has no CIFAR-10, MNIST or .npy files and no folders of pictures; " + Datasets.LAYOUTS);
        }
        List<String> found = new ArrayList<>();
        for (Path classFolder : classFolders) {
            found.add(FileName.of(classFolder));
        }
        List<String> classNames = metadata.classNamesOr(found);
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path classFolder : classFolders) {
            int label = classNames.indexOf(FileName.of(classFolder));
            if (label < 0) {
                throw new FileFormatException(
                        classFolder.toString(), "is not one of the classes that " + DatasetMetadata.FILE + " names");
            }
            for (Path file : entries(classFolder, Images::isNamedAsPicture)) {
                files.add(file);
                labels.add(label);
            }
        }
        if (files.isEmpty()) {
            throw new FileFormatException(
                    root.toString(),
                    String.format(Locale.ROOT, "has %d class folders but no pictures in them", classFolders.size()));
        }
        Path last = folder.toAbsolutePath().normalize().getFileName();
        String name = metadata.nameOr(last == null ? folder.toString() : FileName.text(last));
        String description = String.format(
                Locale.ROOT,
                "%s: %,d %s images in %d classes, pictures in %s",
                name,
                files.size(),
                isSplit ? split.word() : "unsplit",
                classNames.size(),
                root);
        return new ImageFolder(
                new ImageFacts(name, description, classNames, 3, 0, 0),
                List.copyOf(files),
                labels.stream().mapToInt(Integer::intValue).toArray());
    }

    private static List<Path> entries(Path folder, DirectoryStream.Filter<Path> filter) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, filter)) {
            for (Path entry : stream) {
                if (!entry.getFileName().toString().startsWith(".")) {
                    entries.add(entry);
                }
            }
        } catch (AccessDeniedException e) {
            throw new FileFormatException(folder.toString(), "permission denied", e);
        }
        entries.sort(Comparator.comparing(path -> FileName.text(path.getFileName())));
        return entries;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public String imageName(int index) {
        requireImage(index);
        return FileName.text(files.get(index));
    }

    @Override
    public Pixels read(int index) throws IOException {
        requireImage(index);
        return Images.read(files.get(index), channels());
    }

    @Override
    public ImageSize extents(int index) throws IOException {
        requireImage(index);
        return Images.size(files.get(index));
    }
}
