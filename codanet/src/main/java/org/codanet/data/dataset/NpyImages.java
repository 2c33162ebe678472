package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.data.image.Pixels;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.file.npy.NpyReader;

/**
 * Images in a NumPy array (N, C, H, W), float32 in [0, 1] or uint8, with the labels (N) in another, if there are any. In a
 * folder they are {@code X_train.npy} and {@code y_train.npy}, {@code X_test.npy} and {@code y_test.npy}, or unsplit
 * {@code X.npy} and {@code y.npy}. All of it is read into memory.
 */
final class NpyImages extends LabelledImages {
    private final Path file;
    private final float[][] images;

    private NpyImages(ImageFacts facts, Path file, float[][] images, int[] labels) {
        super(facts, labels);
        this.file = file;
        this.images = images;
    }

    /** {@return whether the folder has a file of this format} */
    static boolean isIn(Path folder) {
        return isSplit(folder) || Files.isRegularFile(folder.resolve("X.npy"));
    }

    /** {@return whether training and test images are files of their own} */
    static boolean isSplit(Path folder) {
        return Files.isRegularFile(folder.resolve("X_train.npy")) || Files.isRegularFile(folder.resolve("X_test.npy"));
    }

    static ImageDataset open(Path folder, Split split, DatasetNotes notes) throws IOException {
        String end = isSplit(folder) ? "_" + split.folder() : "";
        Path images = folder.resolve("X" + end + ".npy");
        Path labels = folder.resolve("y" + end + ".npy");
        if (!Files.isRegularFile(images)) {
            throw new FileFormatException(
                    folder.toString(), "has no " + images.getFileName() + ", so it has no " + split.word() + " images");
        }
        String name =
                notes.nameOr(String.valueOf(folder.toAbsolutePath().normalize().getFileName()));
        return read(images, Files.isRegularFile(labels) ? Optional.of(labels) : Optional.empty(), name, notes);
    }

    static ImageDataset read(Path file, Optional<Path> labelFile, String name, DatasetNotes notes) throws IOException {
        try (NpyReader reader = NpyReader.open(file)) {
            List<Integer> shape = reader.shape();
            boolean bytes = reader.type() == ElementType.U8;
            if (shape.size() != 4 || shape.get(1) != 1 && shape.get(1) != 3 || shape.contains(0)) {
                throw new FileFormatException(
                        file.toString(), "has the extents " + shape + ", not (N, C, H, W) with C 1 or 3 and N above 0");
            }
            if (!bytes && reader.type() != ElementType.F32) {
                throw new FileFormatException(
                        file.toString(), "holds " + reader.type() + "; images are float32 in [0, 1] or uint8");
            }
            int count = shape.getFirst();
            int[] labels = labelFile.isPresent() ? labels(labelFile.get(), count) : new int[0];
            List<String> classNames = labelFile.isPresent() ? classNames(labelFile.get(), labels, notes) : List.of();
            ImageFacts facts = new ImageFacts(
                    name,
                    String.format(
                            Locale.ROOT,
                            "%s: %,d images of %d x %d x %d values %s, NumPy array %s",
                            name,
                            count,
                            shape.get(1),
                            shape.get(2),
                            shape.get(3),
                            classNames.isEmpty() ? "without labels" : "in " + classNames.size() + " classes",
                            file),
                    classNames,
                    shape.get(1),
                    shape.get(2),
                    shape.get(3));
            if (bytes) {
                byte[][] images = new byte[count][];
                for (int i = 0; i < count; i++) {
                    images[i] = reader.read(1).toBytes();
                }
                return new MemoryImages(facts, i -> file + ", image " + i, images, labels);
            }
            float[][] images = new float[count][];
            for (int i = 0; i < count; i++) {
                images[i] = reader.read(1).toFloats();
                for (float value : images[i]) {
                    // NaN compares false both ways.
                    if (!(value >= 0 && value <= 1)) {
                        throw new FileFormatException(
                                file.toString(),
                                String.format(
                                        Locale.ROOT,
                                        "image %d has the value %s; values must be numbers from 0 to 1",
                                        i,
                                        value));
                    }
                }
            }
            return new NpyImages(facts, file, images, labels);
        }
    }

    private static int[] labels(Path file, int count) throws IOException {
        TensorData data = NpyFile.read(file);
        if (data.type().isFloating() || data.count() != count || data.shape().size() != 1) {
            throw new FileFormatException(
                    file.toString(),
                    String.format(Locale.ROOT, "holds %s; labels are %d integers, one an image", data, count));
        }
        long[] labels = data.toLongs();
        for (int i = 0; i < count; i++) {
            if (labels[i] < 0 || labels[i] > 1_000_000) {
                throw new FileFormatException(
                        file.toString(),
                        String.format(Locale.ROOT, "image %d has label %d; labels are counted from 0", i, labels[i]));
            }
        }
        return Arrays.stream(labels).mapToInt(Math::toIntExact).toArray();
    }

    private static List<String> classNames(Path file, int[] labels, DatasetNotes notes) throws IOException {
        int largest = Arrays.stream(labels).max().orElseThrow();
        List<String> names = notes.classNamesOr(
                IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList());
        if (largest >= names.size()) {
            throw new FileFormatException(
                    file.toString(),
                    String.format(
                            Locale.ROOT,
                            "has label %d, %s names %d classes",
                            largest,
                            DatasetNotes.FILE,
                            names.size()));
        }
        return names;
    }

    @Override
    public int size() {
        return images.length;
    }

    @Override
    public String imageName(int index) {
        requireImage(index);
        return file + ", image " + index;
    }

    @Override
    public Pixels read(int index) {
        requireImage(index);
        return new Pixels(channels(), height(), width(), images[index].clone());
    }
}
