package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.device.Precision;

/**
 * The products of patches with weights, in the precision of the device: what a dynamic alignment layer spends its time on.
 * Operands are kept in heap arrays of floats; how many of their values lie in the place of one float is this class's secret.
 */
public abstract class Products {
    protected final CpuContext context;

    protected Products(CpuContext context) {
        this.context = context;
    }

    public static Products of(CpuContext context) {
        return context.precision() == Precision.BF16 ? new Bfloat16Products(context) : new FloatProducts(context);
    }

    /** For {@code --verbose}. */
    abstract String name();

    /** Values of the depth that one step of a product takes. */
    abstract int valuesOfStep();

    /** Steps that take so many values; the last may take zeros beside them. */
    final int steps(int depth) {
        return (depth + valuesOfStep() - 1) / valuesOfStep();
    }

    /**
     * Values as {@link #product} takes them for its left side.
     *
     * @param count of values from the array's beginning on, a multiple of the lanes
     * @param slot of the worker's scratch where they may be put
     */
    abstract float[] operand(float[] values, int count, int worker, int slot);

    /** Floats of scratch that {@link #operand} uses. */
    abstract int operandFloats(int count);

    /**
     * Left sides from values at positions times a factor each: {@code a[i·lda] · g[i·ldg + lane]} for {@code rows} rows of one
     * position and one vector.
     *
     * @param a factors; null for 1
     * @param oo offset in {@code out}, in values; rows are {@code ldt} values apart
     */
    abstract void scale(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldt, int rows);

    /** The same for rows of 4 positions each, with {@link Kernels#winogradExpand}: 16 frequencies, {@code ldf} values apart. */
    abstract void expand(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf, int ldt, int rows);

    /**
     * Left sides for the quadratic form: {@link Kernels#pairProducts} of all slots for 8 rows, {@code ldz} values apart.
     *
     * @param ldz a multiple of the lanes, and at least a vector more than there are pairs
     * @param slot of the worker's scratch where they are put
     */
    abstract float[] pairs(float[] a, int ao, int lda, Columns columns, int ldz, int worker, int slot);

    /**
     * One step of a panel of the right side: from {@link #valuesOfStep} rows of values, {@code next} apart.
     *
     * @param count lanes, a multiple of those of a vector
     */
    public abstract void pack(float[] values, int vo, int next, float[] panel, int po, int count);

    /** The value in lane {@code i} at {@code depth} of a panel whose steps are {@code row} lanes each. */
    public abstract float unpack(float[] panel, int po, int row, int depth, int i);

    /**
     * {@code c = a · b}, or {@code c += a · b} if {@code add}, {@code count} times over: tiles as those of {@link Kernels#product}.
     *
     * @param a from {@link #operand}; its offset, the row length {@code lda} and the way to the next product in values, all multiples of
     *     {@link #valuesOfStep}; after an odd depth comes a zero
     * @param b panels (steps, width · lanes) of {@link #pack}; offset and way to the next product in floats of the panel
     */
    abstract void product(
            float[] a,
            int ao,
            int lda,
            int nextA,
            float[] b,
            int bo,
            int nextB,
            int width,
            float[] c,
            int co,
            int nextC,
            int depth,
            int count,
            boolean add);
}
