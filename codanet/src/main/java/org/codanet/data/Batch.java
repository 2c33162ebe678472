package org.codanet.data;

/**
 * Some images with their labels. The arrays belong to the {@link Batches} it came from, which fills them again: they hold this
 * batch until the next one is asked for.
 */
public final class Batch {
    private final int channels;
    private final int height;
    private final int width;
    private final float[] pixels;
    private final int[] labels;
    private final int[] indices;

    Batch(int count, int channels, int height, int width) {
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.pixels = new float[Math.multiplyExact(count, Math.multiplyExact(channels, height * width))];
        this.labels = new int[count];
        this.indices = new int[count];
    }

    /** {@return N} */
    public int count() {
        return indices.length;
    }

    /** {@return C} */
    public int channels() {
        return channels;
    }

    /** {@return H in pixels} */
    public int height() {
        return height;
    }

    /** {@return W in pixels} */
    public int width() {
        return width;
    }

    /** {@return (N, C, H, W) values in [0, 1], exactly so many} */
    public float[] pixels() {
        return pixels;
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
