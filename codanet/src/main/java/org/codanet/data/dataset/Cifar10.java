package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;

/**
 * CIFAR-10 in its binary version: {@code data_batch_1.bin} to {@code data_batch_5.bin} and {@code test_batch.bin}. Each file is a
 * sequence of records. A record has one label byte and 3 x 32 x 32 bytes of red, green and blue. {@code batches.meta.txt} names the
 * classes, if it exists. Source: Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
 */
final class Cifar10 {
    static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");
    private static final int SIDE = 32;
    private static final int IMAGE = 3 * SIDE * SIDE;

    private Cifar10() {}

    /** {@return whether the folder has a file of this format} */
    static boolean isIn(Path folder) {
        return !files(folder, Split.TRAIN).isEmpty()
                || !files(folder, Split.TEST).isEmpty();
    }

    private static List<String> fileNames(Split split) {
        return split == Split.TEST
                ? List.of("test_batch.bin")
                : IntStream.rangeClosed(1, 5)
                        .mapToObj(i -> "data_batch_" + i + ".bin")
                        .toList();
    }

    private static List<Path> files(Path folder, Split split) {
        return fileNames(split).stream()
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .toList();
    }

    /** {@return all images of a split, in memory} */
    static ImageDataset open(Path folder, Split split, DatasetMetadata metadata) throws IOException {
        List<Path> files = files(folder, split);
        if (files.isEmpty()) {
            throw new FileFormatException(
                    folder.toString(), "has CIFAR-10 files, but none with " + split.word() + " images");
        }
        List<String> classNames = metadata.classNamesOr(classNames(folder));
        List<byte[]> images = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        List<Path> origins = new ArrayList<>();
        List<Integer> numbers = new ArrayList<>();
        for (Path file : files) {
            byte[] bytes = DataFile.read(file);
            int record = IMAGE + 1;
            if (bytes.length == 0 || bytes.length % record != 0) {
                throw new FileFormatException(
                        file.toString(),
                        String.format(
                                Locale.ROOT,
                                "has %,d bytes, not one or more records of %,d: it is cut short or not CIFAR-10's binary version",
                                bytes.length,
                                record));
            }
            for (int i = 0; i < bytes.length / record; i++) {
                int label = Byte.toUnsignedInt(bytes[i * record]);
                if (label >= classNames.size()) {
                    throw new FileFormatException(
                            file.toString(),
                            String.format(
                                    Locale.ROOT,
                                    "image %d has label %d, there are %d classes",
                                    i,
                                    label,
                                    classNames.size()));
                }
                images.add(Arrays.copyOfRange(bytes, i * record + 1, (i + 1) * record));
                labels.add(label);
                origins.add(file);
                numbers.add(i);
            }
        }
        String name = metadata.nameOr("CIFAR-10");
        String description = String.format(
                Locale.ROOT,
                "%s: %,d %s images of 3 x 32 x 32 values in %d classes, CIFAR-10's binary version in %s",
                name,
                images.size(),
                split.word(),
                classNames.size(),
                folder);
        return new MemoryImages(
                new ImageFacts(name, description, classNames, 3, SIDE, SIDE).withRemarks(remarks(folder, split)),
                i -> origins.get(i) + ", image " + numbers.get(i),
                images.toArray(byte[][]::new),
                labels.stream().mapToInt(Integer::intValue).toArray());
    }

    private static List<String> remarks(Path folder, Split split) {
        List<String> missing = fileNames(split).stream()
                .filter(name -> !Files.isRegularFile(folder.resolve(name)))
                .toList();
        return missing.isEmpty() ? List.of() : List.of("files that are missing: " + String.join(", ", missing));
    }

    private static List<String> classNames(Path folder) throws IOException {
        Path meta = folder.resolve("batches.meta.txt");
        if (!Files.isRegularFile(meta)) {
            return CLASS_NAMES;
        }
        List<String> names = new String(DataFile.read(meta), StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        return names.isEmpty() ? CLASS_NAMES : names;
    }
}
