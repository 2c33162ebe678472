package org.codanet.data.dataset;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

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

    /**
     * {@return all images of a data set, decoded}
     *
     * @param data images of one size whose values are bytes divided by 255
     * @param threads the number of threads that decode, at least 1
     * @throws IOException if an image cannot be read, or if its size differs from that of the first image
     */
    static MemoryImages decode(ImageDataset data, int threads) throws IOException {
        Pixels first = data.read(0);
        byte[][] images = new byte[data.size()][];
        try (ExecutorService workers = Executors.newFixedThreadPool(threads, ReaderThreads::create)) {
            List<Future<?>> parts = IntStream.range(0, threads)
                    .<Future<?>>mapToObj(part -> workers.submit(() -> {
                        for (int i = part;
                                i < images.length && !Thread.currentThread().isInterrupted();
                                i += threads) {
                            images[i] = bytes(data, i, first);
                        }
                        return null;
                    }))
                    .toList();
            try {
                for (Future<?> part : parts) {
                    part.get();
                }
            } catch (ExecutionException e) {
                workers.shutdownNow();
                throw ReaderThreads.rethrow(e.getCause());
            } catch (InterruptedException e) {
                workers.shutdownNow();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(data.name() + ": reading was interrupted");
            }
        }
        boolean labelled = !data.classNames().isEmpty();
        int[] labels = IntStream.range(0, labelled ? images.length : 0)
                .map(data::label)
                .toArray();
        ImageFacts facts = new ImageFacts(
                        data.name(),
                        data.description(),
                        data.classNames(),
                        first.channels(),
                        first.height(),
                        first.width())
                .withNaming(data.naming())
                .withRemarks(data.remarks());
        return new MemoryImages(facts, data::imageName, images, labels);
    }

    private static byte[] bytes(ImageDataset data, int index, Pixels first) throws IOException {
        Pixels image = data.read(index);
        if (image.height() != first.height() || image.width() != first.width()) {
            throw new FileFormatException(
                    data.imageName(index),
                    String.format(
                            Locale.ROOT,
                            "is %d x %d pixels, the first image %d x %d; images of several sizes must be resized and cropped (train --size)",
                            image.width(),
                            image.height(),
                            first.width(),
                            first.height()));
        }
        float[] values = image.values();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * values[i]);
        }
        return bytes;
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
