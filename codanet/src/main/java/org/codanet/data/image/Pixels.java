package org.codanet.data.image;

import java.util.Arrays;
import java.util.Locale;

/**
 * One image: (C, H, W) values in [0, 1], on the heap. The caller that creates or receives it owns it; no method of this library keeps
 * a reference to it.
 */
public final class Pixels {
    private final int channels;
    private final int height;
    private final int width;
    private final float[] values;

    /**
     * Creates an image that takes ownership of an array.
     *
     * @param channels at least 1
     * @param height rows, at least 1
     * @param width columns, at least 1
     * @param values row-major (C, H, W)
     * @throws IllegalArgumentException if an extent is below 1 or the number of values is not their product
     */
    public Pixels(int channels, int height, int width, float[] values) {
        if (channels < 1 || height < 1 || width < 1 || (long) channels * height * width != values.length) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "image: %d x %d x %d values are expected, given are %d",
                    channels,
                    height,
                    width,
                    values.length));
        }
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.values = values;
    }

    /** {@return a black image} */
    public static Pixels black(int channels, int height, int width) {
        return new Pixels(
                channels, height, width, new float[Math.multiplyExact(channels, Math.multiplyExact(height, width))]);
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

    /** {@return the values, row-major (C, H, W); not a copy} */
    public float[] values() {
        return values;
    }

    /**
     * {@return this image with the given number of channels} If it has that number already, this object is returned. Grey becomes
     * three equal planes. Colours become grey with PIL's weights, 0.299 r + 0.587 g + 0.114 b.
     *
     * @param wanted 1 or 3
     * @throws IllegalArgumentException if there is no such conversion
     */
    public Pixels withChannels(int wanted) {
        if (wanted == channels) {
            return this;
        }
        int plane = height * width;
        if (channels == 1 && wanted == 3) {
            float[] result = new float[3 * plane];
            for (int c = 0; c < 3; c++) {
                System.arraycopy(values, 0, result, c * plane, plane);
            }
            return new Pixels(3, height, width, result);
        }
        if (channels == 3 && wanted == 1) {
            float[] result = new float[plane];
            for (int i = 0; i < plane; i++) {
                result[i] = Grey.of(values[i], values[plane + i], values[2 * plane + i]);
            }
            return new Pixels(1, height, width, result);
        }
        throw new IllegalArgumentException("image: has " + channels + " channels, asked for are " + wanted);
    }

    /** {@return whether the other has the same extents and the same bits} */
    @Override
    public boolean equals(Object other) {
        return other instanceof Pixels that
                && channels == that.channels
                && height == that.height
                && width == that.width
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * channels + height) + width) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "Pixels(" + channels + ", " + height + ", " + width + ")";
    }
}
