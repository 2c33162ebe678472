package org.codanet.data.dataset;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import org.codanet.data.image.Pixels;

/** Images of one size in memory, one byte per value. Small data sets are decoded once, because decoding takes longer than copying. */
public final class MemoryImages extends LabelledImages {
    private final IntFunction<String> imageNames;
    private final byte[][] images;

    /** Takes ownership of images and labels, which the caller has already checked. */
    MemoryImages(ImageFacts facts, IntFunction<String> imageNames, byte[][] images, int[] labels) {
        super(facts, labels);
        this.imageNames = imageNames;
        this.images = images;
    }

    /**
     * {@return a data set in memory}
     *
     * @param name the name of the data set in reports
     * @param classNames the name of each class, by label; empty if there are no labels
     * @param channels 1 or 3
     * @param height rows, at least 1
     * @param width columns, at least 1
     * @param pixels (N, C, H, W), unsigned bytes 0..255; copied
     * @param labels the label of each image, below the number of classes; empty if there are no labels; copied
     * @throws IllegalArgumentException if there is no image, or if the extents do not match the number of values or labels
     */
    public static MemoryImages of(
            String name, List<String> classNames, int channels, int height, int width, byte[] pixels, int[] labels) {
        if (channels != 1 && channels != 3 || height < 1 || width < 1) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s: images of %d channels of %d x %d pixels cannot be",
                    name,
                    channels,
                    height,
                    width));
        }
        int image = Math.multiplyExact(channels, Math.multiplyExact(height, width));
        if (pixels.length == 0 || pixels.length % image != 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "%s: %d bytes are not one or more images of %d bytes", name, pixels.length, image));
        }
        int count = pixels.length / image;
        if (labels.length != (classNames.isEmpty() ? 0 : count)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s: %d images of %d classes have %d labels",
                    name,
                    count,
                    classNames.size(),
                    labels.length));
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classNames.size()) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "%s: image %d has label %d, there are %d classes",
                        name,
                        i,
                        labels[i],
                        classNames.size()));
            }
        }
        String description = String.format(
                Locale.ROOT,
                "%s: %,d images of %d x %d x %d values, %d classes",
                name,
                count,
                channels,
                height,
                width,
                classNames.size());
        return new MemoryImages(
                new ImageFacts(name, description, classNames, channels, height, width),
                i -> name + ", image " + i,
                cut(pixels, image),
                labels.clone());
    }

    /** {@return the parts of an array that each hold one image} */
    static byte[][] cut(byte[] pixels, int image) {
        byte[][] images = new byte[pixels.length / image][];
        for (int i = 0; i < images.length; i++) {
            images[i] = Arrays.copyOfRange(pixels, i * image, (i + 1) * image);
        }
        return images;
    }

    @Override
    public int size() {
        return images.length;
    }

    @Override
    public String imageName(int index) {
        requireImage(index);
        return imageNames.apply(index);
    }

    @Override
    public boolean isInBytes() {
        return true;
    }

    @Override
    public void copyBytes(int index, byte[] to, int at) {
        requireImage(index);
        System.arraycopy(images[index], 0, to, at, images[index].length);
    }

    @Override
    public Pixels read(int index) {
        requireImage(index);
        byte[] bytes = images[index];
        float[] values = new float[bytes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
        }
        return new Pixels(channels(), height(), width(), values);
    }
}
