package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;

/** {@link Products} in float32, by the device's {@link Kernels}. */
final class FloatProducts extends Products {
    FloatProducts(CpuContext context) {
        super(context);
    }

    @Override
    String name() {
        return "float32";
    }

    @Override
    int valuesOfStep() {
        return 1;
    }

    @Override
    float[] operand(float[] values, int count, int worker, int slot) {
        return values;
    }

    @Override
    int operandFloats(int count) {
        return 0;
    }

    @Override
    void scale(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldt, int rows) {
        for (int i = 0; i < rows; i++) {
            if (a == null) {
                System.arraycopy(
                        g, go + i * ldg, out, oo + i * ldt, context.kernels().lanes());
            } else {
                context.kernels().scale(a[ao + i * lda], g, go + i * ldg, out, oo + i * ldt);
            }
        }
    }

    @Override
    void expand(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf, int ldt, int rows) {
        for (int i = 0; i < rows; i++) {
            context.kernels()
                    .winogradExpand(g, go + 4 * i * ldg, ldg, a, ao + 4 * i * lda, lda, out, oo + i * ldt, ldf);
        }
    }

    @Override
    float[] pairs(float[] a, int ao, int lda, Columns columns, int ldz, int worker, int slot) {
        float[] z = context.scratch(worker, slot, Kernels.ROWS * ldz + columns.lanes());
        for (int i = 0; i < Kernels.ROWS; i++) {
            context.kernels().pairProducts(a, ao + i * lda, 0, columns.slots(), columns.slots(), z, i * ldz);
        }
        return z;
    }

    @Override
    public void pack(float[] values, int vo, int next, float[] panel, int po, int count) {
        System.arraycopy(values, vo, panel, po, count);
    }

    @Override
    public float unpack(float[] panel, int po, int row, int depth, int i) {
        return panel[po + depth * row + i];
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
        for (int i = 0; i < count; i++) {
            context.kernels().product(a, ao + i * nextA, lda, b, bo + i * nextB, width, c, co + i * nextC, depth, add);
        }
    }
}
