package org.codanet.data.batch;

import org.codanet.nn.tensor.Shape;

/**
 * Some images with their labels. The arrays belong to the {@link Batches} it came from, which fills them again: they hold this
 * batch until the next one is asked for.
 */
public final class Batch {
    private final RawImages images;
    private final int[] labels;
    private final int[] indices;

    Batch(RawImages images) {
        this.images = images;
        this.labels = new int[images.count()];
        this.indices = new int[images.count()];
    }

    /** {@return N} */
    public int count() {
        return indices.length;
    }

    /** {@return (N, C, H, W)} */
    public Shape shape() {
        return images.shape();
    }

    /** {@return the images: bytes where the set holds bytes and only windows are taken of them, floats otherwise; with the
     * steps that are still to be done, if there are any} */
    public RawImages images() {
        return images;
    }

    /** {@return the class of each image; -1 if the set has no labels} */
    public int[] labels() {
        return labels;
    }

    /** {@return the number of each image in its set} */
    public int[] indices() {
        return indices;
    }
}
