package org.codanet.data.batch;

import org.codanet.nn.tensor.Shape;

/**
 * Some images with their labels. The arrays belong to the {@link Batches} that returned the batch and are reused: they are valid
 * until the next batch is requested.
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

    /** {@return the images: bytes if the set holds bytes and the transform only crops and mirrors them, floats otherwise; with
     * the augmentation steps that the device still has to apply, if there are any} */
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
