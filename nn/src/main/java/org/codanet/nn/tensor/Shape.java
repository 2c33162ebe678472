package org.codanet.nn.tensor;

import java.util.Arrays;

/** Extents of a tensor, outermost first. Values are row-major, so the last extent is contiguous. Immutable. */
public final class Shape {
    private final int[] extents;
    private final long elements;

    private Shape(int[] extents) {
        this.extents = extents;
        long product = 1;
        for (int extent : extents) {
            if (extent < 1) {
                throw new IllegalArgumentException("shape: every extent must be positive, got " + text(extents));
            }
            product = Math.multiplyExact(product, extent);
        }
        this.elements = product;
    }

    /**
     * The shape of the given extents.
     *
     * @throws IllegalArgumentException if one of them is not positive
     */
    public static Shape of(int... extents) {
        return new Shape(extents.clone());
    }

    /** Number of dimensions. */
    public int rank() {
        return extents.length;
    }

    /** Extent {@code dimension}; negative dimensions count from the end. */
    public int extent(int dimension) {
        return extents[dimension < 0 ? extents.length + dimension : dimension];
    }

    /** Product of all extents. */
    public long elements() {
        return elements;
    }

    /** Bytes of float32 values of this shape. */
    public long bytes() {
        return Math.multiplyExact(elements, (long) Float.BYTES);
    }

    /** This shape with another first extent, for example another batch size. */
    public Shape withFirst(int first) {
        int[] changed = extents.clone();
        changed[0] = first;
        return new Shape(changed);
    }

    /** A copy of the extents. */
    public int[] toArray() {
        return extents.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /** For example {@code (16, 32, 32, 6)}. */
    @Override
    public String toString() {
        return text(extents);
    }

    private static String text(int[] extents) {
        return Arrays.toString(extents).replace('[', '(').replace(']', ')');
    }
}
