package org.codanet.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.tensor.Shape;

/** Networks and images that are small enough for plain loops, but have strides, padding and three classes that can be learnt. */
public final class Toys {
    /** Extent of the images. */
    public static final int SIZE = 7;

    private Toys() {}

    /** Three layers, three classes, a stride that leaves a remainder. */
    public static CodaNetConfig network() {
        return CodaNetConfig.builder(6)
                .layer(5, 4, 3, 1, 1)
                .layer(4, 6, 3, 2, 1)
                .layer(3, 5, 1, 1, 0)
                .labels(List.of("red", "green", "blue"))
                .build();
    }

    /** Images of noise. The class is the colour that is slightly brighter in the middle. */
    public static BatchSource images(int count, int batch, long seed) {
        float[][] images = new float[count][];
        int[] labels = new int[count];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < count; i++) {
            labels[i] = i % 3;
            images[i] = image(labels[i], random);
        }
        return new Source(images, labels, batch, seed);
    }

    /** Images for explanations, created as in {@link #images}, with the classes in turn. */
    public static ImageBatch batch(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count * 3 * SIZE * SIZE];
        for (int i = 0; i < count; i++) {
            System.arraycopy(image(i % 3, random), 0, values, i * 3 * SIZE * SIZE, 3 * SIZE * SIZE);
        }
        return ImageBatch.of(values, count, 3, SIZE, SIZE);
    }

    private static float[] image(int label, SplittableRandom random) {
        float[] image = new float[3 * SIZE * SIZE];
        for (int i = 0; i < image.length; i++) {
            image[i] = 0.4f * (float) random.nextDouble();
        }
        for (int y = 2; y < 5; y++) {
            for (int x = 2; x < 5; x++) {
                image[(label * SIZE + y) * SIZE + x] += 0.5f;
            }
        }
        return image;
    }

    private record Source(float[][] pixels, int[] labels, int batch, long seed) implements BatchSource {
        @Override
        public long images() {
            return labels.length;
        }

        @Override
        public String description() {
            return labels.length + " toy images of seed " + seed;
        }

        @Override
        public Batches batches(int epoch, int first) {
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, labels.length).boxed().toList());
            Collections.shuffle(order, new Random(seed * 1000 + epoch));
            return new Batches() {
                private int next = first * batch;

                @Override
                public boolean hasNext() {
                    return next < order.size();
                }

                @Override
                public Batch next() {
                    List<Integer> some = order.subList(next, Math.min(order.size(), next + batch));
                    next += some.size();
                    int length = 3 * SIZE * SIZE;
                    float[] values = new float[some.size() * length];
                    for (int i = 0; i < some.size(); i++) {
                        System.arraycopy(pixels[some.get(i)], 0, values, i * length, length);
                    }
                    return new Batch(
                            new RawImages.Floats(values, Shape.of(some.size(), 3, SIZE, SIZE)),
                            some.stream().map(i -> labels[i]).toList());
                }

                @Override
                public void close() {}
            };
        }
    }
}
