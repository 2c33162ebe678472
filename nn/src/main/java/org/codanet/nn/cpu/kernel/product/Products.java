package org.codanet.nn.cpu.kernel.product;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.device.Precision;

/**
 * Matrix products in the precision of the device. Dynamic alignment spends most of its time here. Operands are arrays of floats. In
 * bfloat16 each float holds two values that are adjacent along the depth (the inner extent of the product). Only this class and its
 * subclasses know about this packing.
 */
public abstract class Products {
    private final Kernels kernels;

    Products(Kernels kernels) {
        this.kernels = kernels;
    }

    /** The products of a device with this precision. */
    public static Products of(Kernels kernels, Precision precision) {
        return precision == Precision.BF16 ? new Bfloat16Products(kernels) : float32(kernels);
    }

    /** Products in float32, whatever the precision of the device. */
    public static Products float32(Kernels kernels) {
        return new FloatProducts(kernels);
    }

    final Kernels kernels() {
        return kernels;
    }

    /** The name of the precision, for {@code --verbose}. */
    public abstract String name();

    /** Number of values along the depth that one step of a product processes: 1, or 2 in bfloat16. */
    public abstract int valuesOfStep();

    /**
     * Number of steps of a product with depth {@code depth}. If the depth is not a multiple of {@link #valuesOfStep}, zeros fill the
     * last step.
     */
    public final int steps(int depth) {
        return (depth + valuesOfStep() - 1) / valuesOfStep();
    }

    /**
     * Converts values to the form that {@link #product} takes as its left side.
     *
     * @param count number of values from the start of the array; a multiple of the lanes
     * @param space array of {@link #operandFloats} floats for the result; not used in float32
     * @return {@code space}, or {@code values} in float32
     */
    public abstract float[] operand(float[] values, int count, float[] space);

    /** Floats that {@link #operand} writes for {@code count} values. */
    public abstract int operandFloats(int count);

    /**
     * Writes left sides {@code out[i][lane] = a[i] · g[i][lane]} for {@code count} rows and one vector of lanes.
     *
     * @param a one factor for each row; null for factors of 1
     * @param out offset and stride in values
     */
    public abstract void scale(Rows g, Rows a, Rows out, int count);

    /**
     * {@link #scale} for rows of 4 positions each, followed by the adjoint of the Winograd output transform, {@link
     * Kernels#winogradExpand}: writes 16 frequencies of each row.
     *
     * @param out offset and stride in values
     * @param ldf distance between two frequencies of a row, in values
     */
    public abstract void expand(Rows g, Rows a, Rows out, int ldf, int count);

    /**
     * Writes left sides for the quadratic form: {@link Kernels#pairProducts} of all slots, for a tile of rows.
     *
     * @param z receives the result; an array of {@link #pairFloats} floats
     * @param ldz distance between the rows of z, in values; a multiple of the lanes, and at least the number of pairs plus one vector
     */
    public abstract void pairs(Rows a, int slots, float[] z, int ldz);

    /** Floats that {@link #pairs} writes, including those past the end of the last row. */
    public abstract int pairFloats(int ldz);

    /**
     * Packs one step of a panel of the right side, from {@link #valuesOfStep} rows of values.
     *
     * @param next distance between the rows, in values
     * @param count number of lanes: those of one or two vectors
     */
    public abstract void pack(float[] values, int vo, int next, float[] panel, int po, int count);

    /** The value in lane {@code i} at {@code depth} of a panel whose steps have {@code row} lanes. */
    public abstract float unpack(float[] panel, int po, int row, int depth, int i);

    /**
     * Computes {@code count} products {@code c = a · b}, or {@code c += a · b} if {@code add}, each as {@link Kernels#product}.
     *
     * @param a left sides as {@link #operand} returns them: 8 rows, {@code lda} apart. Offset and distances are in values and multiples of
     *     {@link #valuesOfStep}; a zero follows an odd depth
     * @param b panels (steps, width · lanes) of {@link #pack}; offset and distance in floats
     * @param c tiles of 8 rows of width · lanes; offset and distance in floats
     */
    public abstract void product(
            Operand a, int lda, Operand b, int width, Operand c, int depth, int count, boolean add);
}
