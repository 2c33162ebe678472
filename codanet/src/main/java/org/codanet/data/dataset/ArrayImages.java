package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.data.image.Pixels;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyReader;

/**
 * Images in a NumPy array, which is completely read into memory. {@link ImageArrays} lists the names of the arrays.
 *
 * <p>Images are (N, C, H, W), (N, H, W, C) or (N, H, W), with C 1 or 3: floats in [0, 1] or integers in 0..255. Labels are
 * (N) or (N, 1) integers. Without a {@code dataset.json} the class names are the numbers of the classes.
 */
final class ArrayImages extends LabelledImages {
    private static final int LARGEST_LABEL = 1_000_000;

    private final String array;
    private final float[][] images;

    private ArrayImages(ImageFacts facts, String array, float[][] images, int[] labels) {
        super(facts, labels);
        this.array = array;
        this.images = images;
    }

    /** {@return whether a folder or file has separate arrays of training and test images} */
    static boolean isSplit(Path place) throws IOException {
        try (ImageArrays arrays = ImageArrays.open(place)) {
            return arrays.isSplit();
        }
    }

    static ImageDataset open(Path place, Split split, DatasetMetadata metadata) throws IOException {
        String name = metadata.nameOr(
                String.valueOf(place.toAbsolutePath().normalize().getFileName()));
        try (ImageArrays arrays = ImageArrays.open(place);
                NpyReader reader = arrays.images(split)) {
            Layout layout = Layout.of(reader);
            Optional<int[]> labels = labels(arrays, split, layout.count());
            boolean numbered = metadata.classNames().isEmpty();
            List<String> classNames = labels.isEmpty()
                    ? List.of()
                    : numbered
                            ? numbers(Math.max(largest(labels.get()), largestOfOther(arrays, split)))
                            : metadata.classNames();
            requireNamed(reader.name(), labels.orElse(new int[0]), classNames);
            String description = String.format(
                    Locale.ROOT,
                    "%s: %,d images of %d x %d x %d values %s, NumPy array %s",
                    name,
                    layout.count(),
                    layout.channels(),
                    layout.height(),
                    layout.width(),
                    classNames.isEmpty() ? "without labels" : "in " + classNames.size() + " classes",
                    reader.name());
            ImageFacts facts = new ImageFacts(
                            name, description, classNames, layout.channels(), layout.height(), layout.width())
                    .withNaming(numbered ? ClassNaming.NUMBERS : ClassNaming.LIST)
                    .withRemarks(remarks(arrays, split));
            return images(facts, reader, layout, labels.orElse(new int[0]));
        }
    }

    private static ImageDataset images(ImageFacts facts, NpyReader reader, Layout layout, int[] labels)
            throws IOException {
        String array = reader.name();
        if (reader.type().isFloating()) {
            float[][] images = new float[layout.count()][];
            for (int i = 0; i < images.length; i++) {
                images[i] = layout.channelsFirst(checkedFloats(array, i, reader.read(1)));
            }
            return new ArrayImages(facts, array, images, labels);
        }
        byte[][] images = new byte[layout.count()][];
        for (int i = 0; i < images.length; i++) {
            images[i] = layout.channelsFirst(checkedBytes(array, i, reader.read(1)));
        }
        return new MemoryImages(facts, i -> array + ", image " + i, images, labels);
    }

    private static float[] checkedFloats(String array, int image, TensorData data) throws FileFormatException {
        float[] values = data.toFloats();
        for (float value : values) {
            // The condition is negated, so that NaN is refused as well.
            if (!(value >= 0 && value <= 1)) {
                throw new FileFormatException(
                        array,
                        String.format(
                                Locale.ROOT,
                                "image %d has the value %s; values must be numbers from 0 to 1%s",
                                image,
                                value,
                                value > 1 && value <= 255 ? ", so divide by 255" : ""));
            }
        }
        return values;
    }

    private static byte[] checkedBytes(String array, int image, TensorData data) throws FileFormatException {
        if (data.type() == ElementType.U8) {
            return data.toBytes();
        }
        if (data.type() == ElementType.BOOL) {
            throw new FileFormatException(array, "holds Booleans; images are floats in [0, 1] or integers in 0..255");
        }
        long[] values = data.toLongs();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            if (values[i] < 0 || values[i] > 255) {
                throw new FileFormatException(
                        array,
                        String.format(
                                Locale.ROOT,
                                "image %d has the value %d; integers must be from 0 to 255",
                                image,
                                values[i]));
            }
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static Optional<int[]> labels(ImageArrays arrays, Split split, int count) throws IOException {
        Optional<NpyReader> found = arrays.labels(split);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (NpyReader reader = found.get()) {
            int[] labels = labels(reader);
            if (labels.length != count) {
                throw new FileFormatException(
                        reader.name(), String.format(Locale.ROOT, "has %d labels for %d images", labels.length, count));
            }
            return Optional.of(labels);
        }
    }

    private static int[] labels(NpyReader reader) throws IOException {
        List<Integer> shape = reader.shape();
        String what = "has the shape " + TensorData.shapeText(shape) + "; labels are (N) or (N, 1)";
        if (shape.size() == 2 && shape.get(1) > 1) {
            throw new FileFormatException(
                    reader.name(), what + "; numpy.argmax(y, axis=1) makes them of one-hot labels");
        }
        if (shape.isEmpty() || shape.size() > 2 || shape.contains(0)) {
            throw new FileFormatException(reader.name(), what);
        }
        if (reader.type().isFloating()) {
            throw new FileFormatException(
                    reader.name(),
                    String.format(
                            Locale.ROOT,
                            "holds %s; %s: save y.astype('int64')",
                            reader.type(),
                            ImageArrays.LABEL_TYPES));
        }
        long[] labels = reader.read(reader.rows()).toLongs();
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] > LARGEST_LABEL) {
                throw new FileFormatException(
                        reader.name(),
                        String.format(
                                Locale.ROOT,
                                "image %d has label %s; labels are counted from 0",
                                i,
                                reader.type() == ElementType.U64 ? Long.toUnsignedString(labels[i]) : labels[i]));
            }
        }
        return Arrays.stream(labels).mapToInt(Math::toIntExact).toArray();
    }

    private static List<String> remarks(ImageArrays arrays, Split split) {
        List<String> remarks = new ArrayList<>();
        if (!arrays.isSplit() && split == Split.TEST) {
            remarks.add(
                    "no arrays X_train and X_test, so all images serve both for training and for testing; --held-out splits them");
        }
        if (!arrays.unknownNames().isEmpty()) {
            remarks.add("arrays that are not used: " + String.join(", ", arrays.unknownNames()));
        }
        return remarks;
    }

    private static int largest(int[] labels) {
        return Arrays.stream(labels).max().orElse(-1);
    }

    /** One part may lack the last classes, so the number of classes is taken from both parts. */
    private static int largestOfOther(ImageArrays arrays, Split split) throws IOException {
        if (!arrays.isSplit()) {
            return -1;
        }
        Optional<NpyReader> other = arrays.labels(split == Split.TRAIN ? Split.TEST : Split.TRAIN);
        if (other.isEmpty()) {
            return -1;
        }
        try (NpyReader reader = other.get()) {
            return largest(labels(reader));
        }
    }

    private static List<String> numbers(int largest) {
        return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
    }

    private static void requireNamed(String array, int[] labels, List<String> classNames) throws FileFormatException {
        int largest = largest(labels);
        if (largest >= classNames.size()) {
            throw new FileFormatException(
                    array,
                    String.format(
                            Locale.ROOT,
                            "has label %d, %s names %d classes",
                            largest,
                            DatasetMetadata.FILE,
                            classNames.size()));
        }
    }

    @Override
    public int size() {
        return images.length;
    }

    @Override
    public String imageName(int index) {
        requireImage(index);
        return array + ", image " + index;
    }

    @Override
    public Pixels read(int index) {
        requireImage(index);
        return new Pixels(channels(), height(), width(), images[index].clone());
    }

    /** The extents of the array and their order. */
    private record Layout(int count, int channels, int height, int width, boolean channelsLast) {
        static Layout of(NpyReader reader) throws FileFormatException {
            List<Integer> shape = reader.shape();
            if (!shape.contains(0)) {
                if (shape.size() == 4 && isChannels(shape.get(1))) {
                    return new Layout(shape.get(0), shape.get(1), shape.get(2), shape.get(3), false);
                }
                if (shape.size() == 4 && isChannels(shape.get(3))) {
                    return new Layout(shape.get(0), shape.get(3), shape.get(1), shape.get(2), true);
                }
                if (shape.size() == 3) {
                    return new Layout(shape.get(0), 1, shape.get(1), shape.get(2), false);
                }
            }
            throw new FileFormatException(
                    reader.name(),
                    "has the shape " + TensorData.shapeText(shape)
                            + ", not (N, C, H, W), (N, H, W, C) or (N, H, W) with C 1 or 3 and N above 0");
        }

        private static boolean isChannels(int extent) {
            return extent == 1 || extent == 3;
        }

        private boolean isInOrder() {
            return !channelsLast || channels == 1;
        }

        float[] channelsFirst(float[] values) {
            if (isInOrder()) {
                return values;
            }
            float[] planes = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                planes[i % channels * height * width + i / channels] = values[i];
            }
            return planes;
        }

        byte[] channelsFirst(byte[] values) {
            if (isInOrder()) {
                return values;
            }
            byte[] planes = new byte[values.length];
            for (int i = 0; i < values.length; i++) {
                planes[i % channels * height * width + i / channels] = values[i];
            }
            return planes;
        }
    }
}
