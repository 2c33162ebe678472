package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickledData;

/**
 * CIFAR-100 in its binary version, and CIFAR-10 and CIFAR-100 in their Python versions; {@link Cifar10} reads the binary version of
 * CIFAR-10. Images are 3 x 32 x 32 bytes: red, green and blue. The labels of CIFAR-100 are the fine labels, of 100 classes. Source:
 * Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
 */
enum Cifar {
    /** Records of a coarse label, a fine label and an image. */
    BINARY_100("CIFAR-100", List.of("train.bin"), List.of("test.bin"), "fine_label_names.txt", "fine_labels", 100),
    /** Pickled dictionaries with the images as a NumPy array (N, 3072). */
    PYTHON_100("CIFAR-100", List.of("train"), List.of("test"), "meta", "fine_labels", 100),
    PYTHON_10(
            "CIFAR-10",
            IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i).toList(),
            List.of("test_batch"),
            "batches.meta",
            "labels",
            10);

    private static final int SIDE = 32;
    private static final int IMAGE = 3 * SIDE * SIDE;

    private final String title;
    private final List<String> trainingFiles;
    private final List<String> testFiles;
    private final String namesFile;
    private final String labelsKey;
    private final int classes;

    Cifar(
            String title,
            List<String> trainingFiles,
            List<String> testFiles,
            String namesFile,
            String labelsKey,
            int classes) {
        this.title = title;
        this.trainingFiles = trainingFiles;
        this.testFiles = testFiles;
        this.namesFile = namesFile;
        this.labelsKey = labelsKey;
        this.classes = classes;
    }

    /** {@return the version whose files are in a folder; empty if there is none} */
    static Optional<Cifar> in(Path folder) {
        return allIn(folder).stream().findFirst();
    }

    /** {@return all versions that have files in a folder} */
    static List<Cifar> allIn(Path folder) {
        return Arrays.stream(values())
                .filter(version -> Stream.concat(version.trainingFiles.stream(), version.testFiles.stream())
                        .anyMatch(name -> Files.isRegularFile(folder.resolve(name))))
                .toList();
    }

    @Override
    public String toString() {
        return title + " in its " + (this == BINARY_100 ? "binary" : "Python") + " version";
    }

    /** {@return all images of a split, in memory} */
    ImageDataset open(Path folder, Split split, DatasetMetadata metadata) throws IOException {
        List<String> names = split == Split.TRAIN ? trainingFiles : testFiles;
        List<Path> files =
                names.stream().map(folder::resolve).filter(Files::isRegularFile).toList();
        if (files.isEmpty()) {
            throw new FileFormatException(
                    folder.toString(), "has " + title + " files, but none with " + split.word() + " images");
        }
        Optional<List<String>> found = classNames(folder);
        List<String> classNames = metadata.classNamesOr(found.orElse(
                IntStream.range(0, classes).mapToObj(Integer::toString).toList()));
        boolean named = found.isPresent() || !metadata.classNames().isEmpty();
        Images images = new Images();
        for (Path file : files) {
            if (this == BINARY_100) {
                readRecords(file, images);
            } else {
                readPickle(file, images);
            }
        }
        for (int i = 0; i < images.labels.size(); i++) {
            if (images.labels.get(i) < 0 || images.labels.get(i) >= classNames.size()) {
                throw new FileFormatException(
                        images.names.get(i),
                        "has label " + images.labels.get(i) + ", there are " + classNames.size() + " classes");
            }
        }
        String name = metadata.nameOr(title);
        String description = String.format(
                Locale.ROOT,
                "%s: %,d %s images of 3 x 32 x 32 values in %d classes, in %s",
                name,
                images.labels.size(),
                split.word(),
                classNames.size(),
                folder);
        List<String> missing = names.stream()
                .filter(file -> !Files.isRegularFile(folder.resolve(file)))
                .toList();
        ImageFacts facts = new ImageFacts(name, description, classNames, 3, SIDE, SIDE)
                .withNaming(named ? ClassNaming.LIST : ClassNaming.NUMBERS)
                .withRemarks(
                        missing.isEmpty()
                                ? List.of()
                                : List.of("files that are missing: " + String.join(", ", missing)));
        return new MemoryImages(
                facts,
                images.names::get,
                images.pixels.toArray(byte[][]::new),
                images.labels.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void readRecords(Path file, Images images) throws IOException {
        byte[] bytes = DataFile.read(file);
        int record = 2 + IMAGE;
        if (bytes.length == 0 || bytes.length % record != 0) {
            throw new FileFormatException(
                    file.toString(),
                    String.format(
                            Locale.ROOT,
                            "has %,d bytes, not one or more records of %,d: it is cut short or not CIFAR-100's binary version",
                            bytes.length,
                            record));
        }
        for (int at = 0; at < bytes.length; at += record) {
            images.add(file, Byte.toUnsignedInt(bytes[at + 1]), Arrays.copyOfRange(bytes, at + 2, at + record));
        }
    }

    private void readPickle(Path file, Images images) throws IOException {
        PickledData data = PickledData.parse(file.toString(), DataFile.read(file));
        TensorData pixels = data.arrays().get("data");
        List<Long> labels = data.numbers().get(labelsKey);
        if (pixels == null || labels == null || !pixels.shape().equals(List.of(labels.size(), IMAGE))) {
            throw new FileFormatException(
                    file.toString(),
                    "is not a file of " + title
                            + "'s Python version: it needs images called data, (N, 3072) bytes, and N " + labelsKey);
        }
        byte[] bytes = pixels.rawBytes();
        for (int i = 0; i < labels.size(); i++) {
            long label = Math.clamp(labels.get(i), -1, Integer.MAX_VALUE);
            images.add(file, (int) label, Arrays.copyOfRange(bytes, i * IMAGE, (i + 1) * IMAGE));
        }
    }

    private Optional<List<String>> classNames(Path folder) throws IOException {
        Path file = folder.resolve(namesFile);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        byte[] content = DataFile.read(file);
        if (this == BINARY_100) {
            List<String> names = new String(content, StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            return names.isEmpty() ? Optional.empty() : Optional.of(names);
        }
        String key = this == PYTHON_10 ? "label_names" : "fine_label_names";
        return Optional.ofNullable(
                PickledData.parse(file.toString(), content).texts().get(key));
    }

    /** The images and labels that have been read so far. */
    private static final class Images {
        private final List<byte[]> pixels = new ArrayList<>();
        private final List<Integer> labels = new ArrayList<>();
        private final List<String> names = new ArrayList<>();

        void add(Path file, int label, byte[] image) {
            names.add(file + ", image " + pixels.size());
            labels.add(label);
            pixels.add(image);
        }
    }
}
