package org.codanet.data.dataset;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.Resize;
import org.codanet.file.FileFormatException;

/**
 * Decodes the picture files of a data set on several threads, and leaves out those that cannot be read. A data set whose images are in
 * memory already is returned unchanged.
 */
public final class ImageLoader {
    /** How many images the memory of resized images is estimated from. */
    private static final int SAMPLES = 64;

    private ImageLoader() {}

    /** What happens to images that cannot be read. Called in the order of the data set. */
    @FunctionalInterface
    public interface Unreadable {
        /** Stops at the first one. */
        Unreadable STOP = failure -> {
            throw failure;
        };

        /**
         * Takes note of an image that is left out.
         *
         * @param failure whose message begins with the name of the file
         * @throws IOException to stop loading
         */
        void leaveOut(IOException failure) throws IOException;
    }

    private interface Loading<T> {
        T load(int index) throws IOException;
    }

    /** The bytes of an image, (C, H, W). */
    private record Decoded(int channels, int height, int width, byte[] bytes) {}

    /**
     * {@return the images decoded into memory, one byte per value}
     *
     * @param data images of one size
     * @param threads the number of threads that decode, at least 1
     * @throws IOException if no image can be read, or if the size of an image differs from that of the first one
     */
    public static ImageDataset inBytes(ImageDataset data, int threads, Unreadable unreadable) throws IOException {
        if (isInMemory(data)) {
            return data;
        }
        List<Decoded> images = load(data, threads, unreadable, index -> decode(data, index));
        Selection readable = Selection.of(data, images);
        Decoded first = images.get(readable.indices[0]);
        for (int index : readable.indices) {
            Decoded image = images.get(index);
            if (image.height != first.height || image.width != first.width) {
                throw new FileFormatException(
                        data.imageName(index),
                        String.format(
                                Locale.ROOT,
                                "is %d x %d pixels, the first image %d x %d; images of several sizes must be resized and cropped (train --size)",
                                image.width,
                                image.height,
                                first.width,
                                first.height));
            }
        }
        boolean labelled = !data.classNames().isEmpty();
        ImageFacts facts = new ImageFacts(
                        data.name(),
                        readable.description(),
                        data.classNames(),
                        first.channels,
                        first.height,
                        first.width)
                .withNaming(data.naming())
                .withRemarks(data.remarks());
        return new MemoryImages(
                facts,
                readable::imageName,
                images.stream().filter(Objects::nonNull).map(Decoded::bytes).toArray(byte[][]::new),
                labelled ? IntStream.of(readable.indices).map(data::label).toArray() : new int[0]);
    }

    private static Decoded decode(ImageDataset data, int index) throws IOException {
        Pixels image = data.read(index);
        float[] values = image.values();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * values[i]);
        }
        return new Decoded(image.channels(), image.height(), image.width(), bytes);
    }

    /**
     * {@return the images, each resized so that its shorter side has the given length} They are decoded into memory if they take at most
     * {@code mostBytes} bytes as floats. Otherwise they are read from their files whenever they are needed, at their own size. {@link
     * Resize} with the same length makes both equal.
     *
     * @param shorter length of the shorter side in pixels, at least 1; 0 if the images are not resized alike every time
     * @param threads the number of threads that decode, at least 1
     * @param mostBytes memory that the images may take
     * @throws IOException if no image can be read
     */
    public static ImageDataset resized(
            ImageDataset data, int shorter, int threads, long mostBytes, Unreadable unreadable) throws IOException {
        if (isInMemory(data)) {
            return data;
        }
        if (shorter == 0 || bytes(data, shorter) > mostBytes) {
            return unreadable == Unreadable.STOP
                    ? data
                    : Selection.of(data, load(data, threads, unreadable, index -> {
                        data.read(index);
                        return true;
                    }));
        }
        Resize resize = new Resize(shorter);
        List<Pixels> images = load(data, threads, unreadable, index -> resize.apply(data.read(index), null));
        return new Resized(
                Selection.of(data, images),
                images.stream().filter(Objects::nonNull).toList());
    }

    /** An estimate from the sizes of some images, which are in the headers of the files. */
    private static double bytes(ImageDataset data, int shorter) {
        int samples = Math.min(SAMPLES, data.size());
        double sum = 0;
        int known = 0;
        for (int i = 0; i < samples; i++) {
            try {
                ImageSize size = data.extents((int) ((long) i * data.size() / samples));
                sum += (double) shorter * shorter * size.longerSide() / size.shorterSide();
                known++;
            } catch (IOException unreadable) {
                // It is reported when it is loaded.
            }
        }
        return known == 0 ? 0 : sum / known * data.channels() * Float.BYTES * data.size();
    }

    /** Loads every image; null in place of an image that is left out. */
    private static <T> List<T> load(ImageDataset data, int threads, Unreadable unreadable, Loading<T> loading)
            throws IOException {
        if (threads < 1) {
            throw new IllegalArgumentException(data.name() + ": asked to be read by " + threads + " threads");
        }
        Object[] loaded = new Object[data.size()];
        try (ExecutorService workers = Executors.newFixedThreadPool(threads, ReaderThreads::create)) {
            List<Future<?>> parts = IntStream.range(0, threads)
                    .<Future<?>>mapToObj(part -> workers.submit(() -> {
                        for (int i = part;
                                i < loaded.length && !Thread.currentThread().isInterrupted();
                                i += threads) {
                            try {
                                loaded[i] = loading.load(i);
                            } catch (IOException e) {
                                if (unreadable == Unreadable.STOP) {
                                    throw e;
                                }
                                loaded[i] = e;
                            }
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
        return withoutFailures(loaded, unreadable);
    }

    private static <T> List<T> withoutFailures(Object[] loaded, Unreadable unreadable) throws IOException {
        List<T> images = new ArrayList<>();
        boolean any = false;
        for (Object each : loaded) {
            any |= !(each instanceof IOException);
        }
        for (Object each : loaded) {
            if (each instanceof IOException failure) {
                if (!any) {
                    throw failure;
                }
                unreadable.leaveOut(failure);
                images.add(null);
            } else {
                @SuppressWarnings("unchecked")
                T image = (T) each;
                images.add(image);
            }
        }
        return images;
    }

    private static boolean isInMemory(ImageDataset data) {
        return data instanceof MemoryImages
                || data instanceof ArrayImages
                || data instanceof ForwardingImages view && isInMemory(view.data());
    }

    /** The images that can be read, in their order. */
    private static class Selection extends ForwardingImages {
        private final int[] indices;

        private Selection(ImageDataset data, int[] indices) {
            super(data);
            this.indices = indices;
        }

        /** @param images null in place of an image that is left out */
        static Selection of(ImageDataset data, List<?> images) {
            return new Selection(
                    data,
                    IntStream.range(0, images.size())
                            .filter(i -> images.get(i) != null)
                            .toArray());
        }

        @Override
        public String description() {
            int unreadable = data().size() - indices.length;
            return unreadable == 0
                    ? super.description()
                    : String.format(
                            Locale.ROOT, "%s, without %,d that cannot be read", super.description(), unreadable);
        }

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public int label(int index) {
            return super.label(indices[index]);
        }

        @Override
        public String imageName(int index) {
            return super.imageName(indices[index]);
        }

        @Override
        public ImageSize extents(int index) throws IOException {
            return super.extents(indices[index]);
        }

        @Override
        public Pixels read(int index) throws IOException {
            return super.read(indices[index]);
        }
    }

    /** Resized images in memory. */
    private static final class Resized extends ForwardingImages {
        private final List<Pixels> images;

        Resized(ImageDataset data, List<Pixels> images) {
            super(data);
            this.images = images;
        }

        @Override
        public ImageSize extents(int index) {
            Pixels image = images.get(index);
            return new ImageSize(image.height(), image.width());
        }

        @Override
        public Pixels read(int index) {
            Pixels image = images.get(index);
            return new Pixels(
                    image.channels(),
                    image.height(),
                    image.width(),
                    image.values().clone());
        }
    }
}
