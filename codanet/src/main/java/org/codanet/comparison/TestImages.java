package org.codanet.comparison;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.nn.tensor.Shape;

/** Labelled images of one size in memory, in the order of the dataset. Each value takes 4 bytes. */
public final class TestImages {
    private final Shape shape;
    private final List<float[]> images;
    private final int[] labels;

    private TestImages(Shape shape, List<float[]> images, int[] labels) {
        this.shape = shape;
        this.images = images;
        this.labels = labels;
    }

    /**
     * All images of one epoch of a source.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static TestImages of(BatchSource source) {
        List<float[]> images = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        Shape shape = null;
        try (BatchSource.Batches batches = source.batches(1, 0)) {
            while (batches.hasNext()) {
                BatchSource.Batch batch = batches.next();
                float[] values = batch.images().values();
                shape = batch.images().shape().withFirst(1);
                int size = Math.toIntExact(shape.elements());
                for (int n = 0; n < batch.count(); n++) {
                    images.add(Arrays.copyOfRange(values, n * size, (n + 1) * size));
                    labels.add(batch.labels().get(n));
                }
            }
        }
        if (images.isEmpty()) {
            throw new IllegalArgumentException("comparison: there are no images");
        }
        return new TestImages(
                shape, images, labels.stream().mapToInt(Integer::intValue).toArray());
    }

    /** {@return N} */
    public int count() {
        return labels.length;
    }

    /** {@return C} */
    public int channels() {
        return shape.extent(1);
    }

    /** {@return H in pixels} */
    public int height() {
        return shape.extent(2);
    }

    /** {@return W in pixels} */
    public int width() {
        return shape.extent(3);
    }

    /** {@return the values (C, H, W) of an image; not a copy} */
    public float[] image(int index) {
        return images.get(index);
    }

    /** {@return the class of an image} */
    public int label(int index) {
        return labels[index];
    }

    /** {@return the classes of all images} */
    public int[] labels() {
        return labels.clone();
    }

    /** {@return images first to first + count - 1} */
    public RawImages.Floats batch(int first, int count) {
        int size = Math.toIntExact(shape.elements());
        float[] values = new float[count * size];
        for (int n = 0; n < count; n++) {
            System.arraycopy(images.get(first + n), 0, values, n * size, size);
        }
        return new RawImages.Floats(values, shape.withFirst(count));
    }
}
