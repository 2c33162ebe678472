package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;

/** MNIST and sets of its form, such as Fashion-MNIST: one IDX file of images and one of labels, each plain or as .gz. */
final class Mnist {
    static final List<String> DIGITS =
            IntStream.range(0, 10).mapToObj(Integer::toString).toList();

    private Mnist() {}

    /** {@return whether the folder has a file of this format} */
    static boolean isIn(Path folder) {
        return file(folder, Split.TRAIN, "images", 3).isPresent()
                || file(folder, Split.TEST, "images", 3).isPresent();
    }

    private static Optional<Path> file(Path folder, Split split, String what, int extents) {
        String stem = split == Split.TRAIN ? "train" : "t10k";
        for (String separator : List.of("-", ".")) {
            for (String end : List.of("", ".gz")) {
                Path file = folder.resolve(stem + "-" + what + separator + "idx" + extents + "-ubyte" + end);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    /** {@return all images of a split, in memory} */
    static ImageDataset open(Path folder, Split split, DatasetMetadata metadata) throws IOException {
        Path images = required(folder, split, "images", 3);
        Path labels = required(folder, split, "labels", 1);
        // The two sets have the same file names; only the folder tells them apart.
        boolean fashion =
                folder.toAbsolutePath().toString().toLowerCase(Locale.ROOT).contains("fashion");
        return of(
                metadata.nameOr(fashion ? FashionMnist.NAME : "MNIST"),
                metadata.classNamesOr(fashion ? FashionMnist.CLASS_NAMES : DIGITS),
                split,
                folder.toString(),
                IdxFile.parse(images.toString(), DataFile.read(images), 3),
                IdxFile.parse(labels.toString(), DataFile.read(labels), 1));
    }

    private static Path required(Path folder, Split split, String what, int extents) throws IOException {
        return file(folder, split, what, extents)
                .orElseThrow(() -> new FileFormatException(
                        folder.toString(), "has IDX files, but none with the " + what + " for " + split.word()));
    }

    /** {@return the set of these images and labels, checked against each other} */
    static ImageDataset of(
            String name, List<String> classNames, Split split, String where, IdxFile images, IdxFile labels)
            throws IOException {
        int count = images.extent(0);
        if (labels.extent(0) != count) {
            throw new FileFormatException(
                    labels.name(), String.format(Locale.ROOT, "has %d labels for %d images", labels.extent(0), count));
        }
        int[] classes = new int[count];
        for (int i = 0; i < count; i++) {
            classes[i] = Byte.toUnsignedInt(labels.values()[i]);
            if (classes[i] >= classNames.size()) {
                throw new FileFormatException(
                        labels.name(),
                        String.format(
                                Locale.ROOT,
                                "image %d has label %d, there are %d classes; %s can name more",
                                i,
                                classes[i],
                                classNames.size(),
                                DatasetMetadata.FILE));
            }
        }
        int height = images.extent(1);
        int width = images.extent(2);
        String description = String.format(
                Locale.ROOT,
                "%s: %,d %s images of 1 x %d x %d values in %d classes, IDX files in %s",
                name,
                count,
                split.word(),
                height,
                width,
                classNames.size(),
                where);
        return new MemoryImages(
                new ImageFacts(name, description, classNames, 1, height, width),
                i -> images.name() + ", image " + i,
                MemoryImages.cut(images.values(), height * width),
                classes);
    }
}
