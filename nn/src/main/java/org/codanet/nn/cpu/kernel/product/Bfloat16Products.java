package org.codanet.nn.cpu.kernel.product;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.bf16.Bfloat16Code;

/**
 * {@link Products} of values that are rounded to bfloat16, with sums in float32, by {@link Bfloat16Code}. On a processor with
 * avx512_bf16 they are twice as fast as in float32.
 */
final class Bfloat16Products extends Products {
    /** A factor of 1 for every row. */
    private static final Rows ONES = new Rows(new float[] {1}, 0, 0);

    Bfloat16Products(Kernels kernels) {
        super(kernels);
    }

    @Override
    public String name() {
        return "bfloat16";
    }

    @Override
    public int valuesOfStep() {
        return 2;
    }

    @Override
    public float[] operand(float[] values, int count, float[] space) {
        Bfloat16Code.round(values, 0, space, 0, count);
        return space;
    }

    @Override
    public int operandFloats(int count) {
        return count / 2;
    }

    @Override
    public void scale(Rows g, Rows a, Rows out, int count) {
        Bfloat16Code.scale(g, a == null ? ONES : a, out, count);
    }

    @Override
    public void expand(Rows g, Rows a, Rows out, int ldf, int count) {
        Bfloat16Code.expand(g, a == null ? ONES : a, out, ldf, count);
    }

    @Override
    public void pairs(Rows a, int slots, float[] z, int ldz) {
        Bfloat16Code.pairs(a.values(), a.offset(), a.stride(), slots, z, ldz, Kernels.ROWS);
    }

    @Override
    public int pairFloats(int ldz) {
        return operandFloats(Kernels.ROWS * ldz);
    }

    @Override
    public void pack(float[] values, int vo, int next, float[] panel, int po, int count) {
        for (int i = 0; i < count; i++) {
            panel[po + i] = Float.intBitsToFloat(rounded(values[vo + next + i]) << 16 | rounded(values[vo + i]));
        }
    }

    /** The nearest bfloat16 number, in the lower 16 bits. Ties are rounded to even. NaN stays NaN. */
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
    public void product(Operand a, int lda, Operand b, int width, Operand c, int depth, int count, boolean add) {
        // An element holds two values of a.
        Operand elements = new Operand(a.values(), a.offset() / 2, a.next() / 2);
        Bfloat16Code.product(elements, lda / 2, b, width, c, steps(depth), count, add);
    }
}
