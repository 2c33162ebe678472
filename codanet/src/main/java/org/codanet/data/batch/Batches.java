package org.codanet.data.batch;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.ReaderThreads;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.SeededRandom;
import org.codanet.data.transform.Transform;
import org.codanet.data.transform.Window;
import org.codanet.file.FileFormatException;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.tensor.Shape;

/**
 * The batches of one epoch, prefetched by background threads.
 *
 * <p>The order of the images depends on (seed, epoch) only. The augmentation of an image depends on (seed, epoch, image) only.
 * Neither depends on the number of threads, on their speed, or on whether the epoch is resumed in the middle. A thread takes a free
 * buffer before it takes the next batch to fill. Therefore the batch that the consumer waits for always has a buffer, and the number
 * of batches in memory is at most the number of threads plus two.
 *
 * <p>There must be only one consumer. {@link #close} ends the threads, whether or not all batches were read.
 */
public final class Batches implements AutoCloseable {
    private final ImageDataset data;
    private final BatchOptions options;
    private final int epoch;
    private final int[] order;
    private final int total;
    private final boolean inBytes;
    private final int channels;
    private final int height;
    private final int width;
    private final List<Thread> threads = new ArrayList<>();

    // Guarded by this.
    private final Deque<Batch> free = new ArrayDeque<>();
    private final Map<Integer, Batch> filled = new HashMap<>();
    private final Map<Integer, Throwable> failures = new HashMap<>();
    private int nextToFill;
    private int nextToTake;
    private boolean closed;

    // Used by the consumer only.
    private Batch lent;

    private Batches(ImageDataset data, BatchOptions options, int epoch, int firstBatch) throws IOException {
        this.data = data;
        this.options = options;
        this.epoch = epoch;
        this.order = order(data.size(), options, epoch);
        this.total = options.batches(data.size());
        this.inBytes = data.isInBytes() && options.transform().isPlacement();
        if (inBytes) {
            Window sample = window(0, random(0));
            this.channels = data.channels();
            this.height = sample.height();
            this.width = sample.width();
        } else {
            Pixels sample = prepared(0, random(0));
            this.channels = sample.channels();
            this.height = sample.height();
            this.width = sample.width();
        }
        this.nextToFill = firstBatch;
        this.nextToTake = firstBatch;
    }

    /**
     * {@return the batches of an epoch; the caller closes them}
     *
     * @param data the images
     * @param options how they are read and grouped into batches
     * @param epoch the epoch, any number; order and augmentation depend on it
     * @param firstBatch the number of batches to skip at the beginning, at most all of them
     * @throws IOException if the first image, which determines the extents of all images, cannot be read
     * @throws IllegalArgumentException if the epoch has no such batch, or no batches
     */
    public static Batches open(ImageDataset data, BatchOptions options, int epoch, int firstBatch) throws IOException {
        int total = options.batches(data.size());
        if (total == 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "batches: %s has %d images, which do not fill one batch of %d",
                    data.name(),
                    data.size(),
                    options.batchSize()));
        }
        if (firstBatch < 0 || firstBatch > total) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "batches: %d are to be left out, the epoch has %d", firstBatch, total));
        }
        Batches batches = new Batches(data, options, epoch, firstBatch);
        batches.start(Math.min(options.threads(), Math.max(1, total - firstBatch)));
        return batches;
    }

    private void start(int workers) {
        for (int i = 0; i < workers + 2; i++) {
            free.add(empty(Math.min(options.batchSize(), data.size())));
        }
        for (int i = 0; i < workers; i++) {
            threads.add(ReaderThreads.create(this::work));
        }
        threads.forEach(Thread::start);
    }

    /** {@return the indices of the images in the order of an epoch, shuffled by Fisher-Yates from the end} */
    private static int[] order(int size, BatchOptions options, int epoch) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            order[i] = i;
        }
        if (options.shuffle()) {
            // The streams from 0 on are those of the images.
            SeededRandom random = new SeededRandom(options.seed(), epoch, -1);
            for (int i = size - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int swapped = order[i];
                order[i] = order[j];
                order[j] = swapped;
            }
        }
        return order;
    }

    /** {@return the random numbers of an image, used first by the transform and then by RandAugment} */
    private SeededRandom random(int image) {
        return new SeededRandom(options.seed(), epoch, image);
    }

    private Pixels prepared(int image, SeededRandom random) throws IOException {
        try {
            return options.transform().apply(data.read(image), random);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(data.imageName(image), e.getMessage(), e);
        }
    }

    private Window window(int image, SeededRandom random) throws IOException {
        try {
            return options.transform().place(Window.whole(data.height(), data.width()), random);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(data.imageName(image), e.getMessage(), e);
        }
    }

    private Batch empty(int count) {
        Shape shape = Shape.of(count, channels, height, width);
        int operations = options.randAugment().operations();
        float[] steps = operations == 0 ? null : new float[count * operations * AugmentationOperation.NUMBERS];
        if (!inBytes) {
            return new Batch(new RawImages.Floats(new float[Math.toIntExact(shape.elements())], steps, shape));
        }
        Shape stored = Shape.of(count, channels, data.height(), data.width());
        boolean asTheyAre = options.transform().equals(Transform.NONE);
        return new Batch(new RawImages.Bytes(
                new byte[Math.toIntExact(stored.elements())],
                stored,
                asTheyAre ? null : new float[3 * count],
                steps,
                shape));
    }

    private void work() {
        while (true) {
            Batch batch;
            int number;
            synchronized (this) {
                while (!closed && free.isEmpty() && nextToFill < total) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        return; // only close interrupts this thread
                    }
                }
                if (closed || nextToFill >= total) {
                    return;
                }
                batch = free.pop();
                number = nextToFill++;
            }
            Throwable failure = null;
            int count = Math.min(options.batchSize(), order.length - number * options.batchSize());
            try {
                if (batch.count() != count) {
                    batch = empty(count);
                }
                fill(batch, number);
            } catch (Throwable e) {
                failure = e;
            }
            synchronized (this) {
                if (failure == null) {
                    filled.put(number, batch);
                } else {
                    // The batches before it are complete and are still returned first.
                    failures.put(number, failure);
                }
                notifyAll();
            }
        }
    }

    private void fill(Batch batch, int number) throws IOException {
        for (int i = 0; i < batch.count(); i++) {
            int index = order[number * options.batchSize() + i];
            SeededRandom random = random(index);
            switch (batch.images()) {
                case RawImages.Floats floats -> fill(floats, i, index, random);
                case RawImages.Bytes bytes -> fill(bytes, i, index, random);
            }
            drawSteps(batch.images().steps(), i, random);
            batch.labels()[i] = data.label(index);
            batch.indices()[i] = index;
        }
    }

    private void drawSteps(float[] steps, int i, SeededRandom random) {
        int at = i * options.randAugment().operations() * AugmentationOperation.NUMBERS;
        for (AugmentationOperation step : options.randAugment().draw(height, width, random)) {
            step.write(steps, at);
            at += AugmentationOperation.NUMBERS;
        }
    }

    private void fill(RawImages.Floats images, int i, int index, SeededRandom random) throws IOException {
        Pixels pixels = prepared(index, random);
        if (pixels.channels() != channels || pixels.height() != height || pixels.width() != width) {
            throw new FileFormatException(
                    data.imageName(index),
                    String.format(
                            Locale.ROOT,
                            "is %d x %d pixels, others are %d x %d; resize and crop make them equal",
                            pixels.width(),
                            pixels.height(),
                            width,
                            height));
        }
        int image = channels * height * width;
        System.arraycopy(pixels.values(), 0, images.values(), i * image, image);
    }

    /** Copies the bytes of an image and sets its window. All images and windows have the same size, so nothing needs to be checked. */
    private void fill(RawImages.Bytes images, int i, int index, SeededRandom random) throws IOException {
        data.copyBytes(index, images.bytes(), i * (images.bytes().length / images.count()));
        if (images.windows() != null) {
            Window window = window(index, random);
            images.windows()[3 * i] = window.top();
            images.windows()[3 * i + 1] = window.left();
            images.windows()[3 * i + 2] = window.mirrored() ? 1 : 0;
        }
    }

    /** {@return C of every batch} */
    public int channels() {
        return channels;
    }

    /** {@return H of every batch, in pixels} */
    public int height() {
        return height;
    }

    /** {@return W of every batch, in pixels} */
    public int width() {
        return width;
    }

    /** {@return the number of batches in the whole epoch} */
    public int total() {
        return total;
    }

    /** {@return whether {@link #next} has another batch} */
    public synchronized boolean hasNext() {
        return !closed && nextToTake < total;
    }

    /**
     * {@return the next batch} Blocks until it is ready. The buffer of the previous batch is then reused.
     *
     * @throws IOException if an image of this batch cannot be read; the message is one sentence that begins with the image's name
     * @throws NoSuchElementException if the epoch is over
     * @throws IllegalStateException if this is closed
     */
    public synchronized Batch next() throws IOException {
        if (closed) {
            throw new IllegalStateException("batches of " + data.name() + ": next after close");
        }
        if (nextToTake >= total) {
            throw new NoSuchElementException(
                    String.format(Locale.ROOT, "batches of %s: the epoch has %d", data.name(), total));
        }
        if (lent != null && lent.count() == Math.min(options.batchSize(), order.length)) {
            free.add(lent);
            notifyAll();
        }
        lent = null;
        while (!filled.containsKey(nextToTake)) {
            if (failures.containsKey(nextToTake)) {
                throw ReaderThreads.rethrow(failures.get(nextToTake));
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("batches of " + data.name() + ": interrupted");
            }
            if (closed) {
                throw new IllegalStateException("batches of " + data.name() + ": closed while next waited");
            }
        }
        lent = filled.remove(nextToTake++);
        return lent;
    }

    /** Stops the threads and waits until they have ended. Later calls do nothing. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            free.clear();
            filled.clear();
            notifyAll();
        }
        threads.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
