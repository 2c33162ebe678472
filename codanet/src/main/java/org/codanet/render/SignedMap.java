package org.codanet.render;

import java.util.Arrays;

/**
 * The contributions of an image's pixels to one logit, or the difference of two such maps: one number per pixel, (H, W),
 * row-major. Immutable.
 */
public final class SignedMap {
    private final int height;
    private final int width;
    private final float[] values;

    private SignedMap(int height, int width, float[] values) {
        this.height = height;
        this.width = width;
        this.values = values;
    }

    /**
     * A map of {@code height * width} values, which are copied from the array.
     *
     * @param offset index of the first value
     *
     * @throws IllegalArgumentException if there are fewer values, or one of them is not finite
     */
    public static SignedMap of(int height, int width, float[] source, int offset) {
        if (height < 1 || width < 1 || offset < 0 || offset + (long) height * width > source.length) {
            throw new IllegalArgumentException("map: " + height + " x " + width + " values from " + offset
                    + " do not fit an array of " + source.length);
        }
        float[] values = Arrays.copyOfRange(source, offset, offset + height * width);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException(
                        "map: the value at row " + i / width + ", column " + i % width + " is " + values[i]);
            }
        }
        return new SignedMap(height, width, values);
    }

    /** The map with all of {@code values}, copied. @throws IllegalArgumentException as {@link #of(int, int, float[], int)} */
    public static SignedMap of(int height, int width, float[] values) {
        if (values.length != (long) height * width) {
            throw new IllegalArgumentException("map: " + height + " x " + width + " needs " + (long) height * width
                    + " values, got " + values.length);
        }
        return of(height, width, values, 0);
    }

    /** H: the number of rows. */
    public int height() {
        return height;
    }

    /** W: the number of columns. */
    public int width() {
        return width;
    }

    /** The contribution of one pixel. */
    public float at(int row, int column) {
        return values[row * width + column];
    }

    /** The sum of all values in double precision: the logit without its bias. */
    public double sum() {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    /**
     * The difference of two maps: how much more each pixel contributes to the class of this map than to that of the other.
     *
     * @throws IllegalArgumentException if the extents differ
     */
    public SignedMap minus(SignedMap other) {
        if (height != other.height || width != other.width) {
            throw new IllegalArgumentException(
                    "map: cannot subtract " + other.height + " x " + other.width + " from " + height + " x " + width);
        }
        float[] difference = new float[values.length];
        for (int i = 0; i < difference.length; i++) {
            difference[i] = values[i] - other.values[i];
        }
        return new SignedMap(height, width, difference);
    }

    /** The absolute values in ascending order. */
    float[] sortedMagnitudes() {
        float[] magnitudes = new float[values.length];
        for (int i = 0; i < magnitudes.length; i++) {
            magnitudes[i] = Math.abs(values[i]);
        }
        Arrays.sort(magnitudes);
        return magnitudes;
    }
}
