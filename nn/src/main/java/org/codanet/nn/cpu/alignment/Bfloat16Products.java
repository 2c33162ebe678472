package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.bf16.Bfloat16Code;
import org.codanet.nn.cpu.kernel.bf16.Bfloat16Code.Operand;
import org.codanet.nn.cpu.kernel.bf16.Bfloat16Code.Rows;
import org.codanet.nn.cpu.runtime.CpuContext;

/**
 * {@link Products} of values rounded to bfloat16, summed in float32, by {@link Bfloat16Code}: twice the speed of float32 where
 * the processor has avx512_bf16. Two values of the depth lie in the place of one float.
 */
final class Bfloat16Products extends Products {
    /** A factor of 1 for every row. */
    private static final Rows ONES = new Rows(new float[] {1}, 0, 0);

    Bfloat16Products(CpuContext context) {
        super(context);
    }

    @Override
    String name() {
        return "bfloat16";
    }

    @Override
    int valuesOfStep() {
        return 2;
    }

    @Override
    float[] operand(float[] values, int count, int worker, int slot) {
        float[] pairs = context.scratch(worker, slot, operandFloats(count));
        Bfloat16Code.round(values, 0, pairs, 0, count);
        return pairs;
    }

    @Override
    int operandFloats(int count) {
        return count / 2;
    }

    @Override
    void scale(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldt, int rows) {
        Rows factors = a == null ? ONES : new Rows(a, ao, lda);
        Bfloat16Code.scale(new Rows(g, go, ldg), factors, new Rows(out, oo, ldt), rows);
    }

    @Override
    void expand(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf, int ldt, int rows) {
        Rows factors = a == null ? ONES : new Rows(a, ao, lda);
        Bfloat16Code.expand(new Rows(g, go, ldg), factors, new Rows(out, oo, ldt), ldf, rows);
    }

    @Override
    float[] pairs(float[] a, int ao, int lda, Columns columns, int ldz, int worker, int slot) {
        float[] z = context.scratch(worker, slot, operandFloats(Kernels.ROWS * ldz));
        Bfloat16Code.pairs(a, ao, lda, columns.slots(), z, ldz, Kernels.ROWS);
        return z;
    }

    @Override
    public void pack(float[] values, int vo, int next, float[] panel, int po, int count) {
        for (int i = 0; i < count; i++) {
            panel[po + i] = Float.intBitsToFloat(rounded(values[vo + next + i]) << 16 | rounded(values[vo + i]));
        }
    }

    /** The nearest bfloat16 number, in case of a tie the even one, in the lower 16 bits; what is not a number stays so. */
    private static int rounded(float value) {
        int bits = Float.floatToRawIntBits(value);
        int nearest = bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
        return value != value ? bits >>> 16 | 0x40 : nearest;
    }

    @Override
    public float unpack(float[] panel, int po, int row, int depth, int i) {
        int pair = Float.floatToRawIntBits(panel[po + depth / 2 * row + i]);
        return Float.intBitsToFloat(depth % 2 == 0 ? pair << 16 : pair & 0xffff0000);
    }

    @Override
    void product(
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
            boolean add) {
        Bfloat16Code.product(
                new Operand(a, ao / 2, nextA / 2),
                lda / 2,
                new Operand(b, bo, nextB),
                width,
                new Operand(c, co, nextC),
                steps(depth),
                count,
                add);
    }
}
