package org.codanet.data.batch;

import org.codanet.nn.tensor.Shape;

/**
 * A batch of images with their labels. The {@link Batches} that returned it owns its arrays and reuses them. They are valid until the
 * next batch is requested.
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

    /**
     * {@return the images and any augmentation steps that the device has to apply} The images are bytes if the data set holds bytes
     * and the transform only crops and mirrors them, otherwise floats.
     */
    public RawImages images() {
        return images;
    }

    /** {@return the class of each image; -1 if the data set has no labels} */
    public int[] labels() {
        return labels;
    }

    /** {@return the index of each image in its data set} */
    public int[] indices() {
        return indices;
    }
}
