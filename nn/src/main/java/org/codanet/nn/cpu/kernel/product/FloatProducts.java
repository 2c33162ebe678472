package org.codanet.nn.cpu.kernel.product;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;

/** {@link Products} in float32, by the device's {@link Kernels}. */
final class FloatProducts extends Products {
    FloatProducts(Kernels kernels) {
        super(kernels);
    }

    @Override
    public String name() {
        return "float32";
    }

    @Override
    public int valuesOfStep() {
        return 1;
    }

    @Override
    public float[] operand(float[] values, int count, float[] space) {
        return values;
    }

    @Override
    public int operandFloats(int count) {
        return 0;
    }

    @Override
    public void scale(Rows g, Rows a, Rows out, int count) {
        Kernels kernels = kernels();
        for (int i = 0; i < count; i++) {
            int from = g.offset() + i * g.stride();
            int to = out.offset() + i * out.stride();
            if (a == null) {
                System.arraycopy(g.values(), from, out.values(), to, kernels.lanes());
            } else {
                kernels.scale(a.values()[a.offset() + i * a.stride()], g.values(), from, out.values(), to);
            }
        }
    }

    @Override
    public void expand(Rows g, Rows a, Rows out, int ldf, int count) {
        Kernels kernels = kernels();
        float[] factors = a == null ? null : a.values();
        int ao = a == null ? 0 : a.offset();
        int lda = a == null ? 0 : a.stride();
        for (int i = 0; i < count; i++) {
            int from = g.offset() + 4 * i * g.stride();
            int to = out.offset() + i * out.stride();
            kernels.winogradExpand(g.values(), from, g.stride(), factors, ao + 4 * i * lda, lda, out.values(), to, ldf);
        }
    }

    @Override
    public void pairs(Rows a, int slots, float[] z, int ldz) {
        for (int i = 0; i < Kernels.ROWS; i++) {
            kernels().pairProducts(a.values(), a.offset() + i * a.stride(), 0, slots, slots, z, i * ldz);
        }
    }

    @Override
    public int pairFloats(int ldz) {
        return Kernels.ROWS * ldz + kernels().lanes();
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
    public void product(Operand a, int lda, Operand b, int width, Operand c, int depth, int count, boolean add) {
        for (int i = 0; i < count; i++) {
            kernels()
                    .product(
                            a.values(),
                            a.offset() + i * a.next(),
                            lda,
                            b.values(),
                            b.offset() + i * b.next(),
                            width,
                            c.values(),
                            c.offset() + i * c.next(),
                            depth,
                            add);
        }
    }
}
