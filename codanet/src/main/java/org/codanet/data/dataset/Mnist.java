package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;

/** MNIST and data sets of the same format, such as Fashion-MNIST: an IDX file of images and one of labels, each uncompressed or as .gz. */
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
        IdxFile imageFile = IdxFile.parse(images.toString(), DataFile.read(images), 3);
        IdxFile labelFile = IdxFile.parse(labels.toString(), DataFile.read(labels), 1);
        Optional<Known> known = Known.of(labelFile, split);
        List<String> classNames =
                metadata.classNamesOr(known.map(Known::classNames).orElse(DIGITS));
        String folderName = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
        ImageFacts facts = new ImageFacts(
                        metadata.nameOr(known.map(Known::title).orElse(folderName)), "", classNames, 1, 0, 0)
                .withNaming(
                        known.isEmpty() && metadata.classNames().isEmpty() ? ClassNaming.NUMBERS : ClassNaming.LIST);
        return of(facts, split, folder.toString(), imageFile, labelFile);
    }

    private static Path required(Path folder, Split split, String what, int extents) throws IOException {
        return file(folder, split, what, extents)
                .orElseThrow(() -> new FileFormatException(
                        folder.toString(), "has IDX files, but none with the " + what + " for " + split.word()));
    }

    /** {@return the data set of these images and labels, which are checked against each other} */
    static ImageDataset of(
            String name, List<String> classNames, Split split, String where, IdxFile images, IdxFile labels)
            throws IOException {
        return of(new ImageFacts(name, "", classNames, 1, 0, 0), split, where, images, labels);
    }

    private static ImageDataset of(ImageFacts named, Split split, String where, IdxFile images, IdxFile labels)
            throws IOException {
        List<String> classNames = named.classNames();
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
                named.name(),
                count,
                split.word(),
                height,
                width,
                classNames.size(),
                where);
        return new MemoryImages(
                new ImageFacts(named.name(), description, classNames, 1, height, width).withNaming(named.naming()),
                i -> images.name() + ", image " + i,
                MemoryImages.cut(images.values(), height * width),
                classes);
    }

    /** Data sets whose files have the same names. They are distinguished by the first labels of their files. */
    private enum Known {
        MNIST("MNIST", DIGITS, "50419213143536172869", "72104149590690159734"),
        FASHION(FashionMnist.NAME, FashionMnist.CLASS_NAMES, "90030272550955791064", "92116146574573412480");

        private final String title;
        private final List<String> classNames;
        private final String firstTrainingLabels;
        private final String firstTestLabels;

        Known(String title, List<String> classNames, String firstTrainingLabels, String firstTestLabels) {
            this.title = title;
            this.classNames = classNames;
            this.firstTrainingLabels = firstTrainingLabels;
            this.firstTestLabels = firstTestLabels;
        }

        String title() {
            return title;
        }

        List<String> classNames() {
            return classNames;
        }

        static Optional<Known> of(IdxFile labels, Split split) {
            return Arrays.stream(values())
                    .filter(known -> known.begins(
                            labels.values(), split == Split.TRAIN ? known.firstTrainingLabels : known.firstTestLabels))
                    .findFirst();
        }

        private boolean begins(byte[] labels, String first) {
            return labels.length >= first.length()
                    && IntStream.range(0, first.length()).allMatch(i -> labels[i] == first.charAt(i) - '0');
        }
    }
}
