package org.codanet.nn.cpu;

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
    void pack(float[] values, int vo, int next, float[] panel, int po, int count) {
        System.arraycopy(values, vo, panel, po, count);
    }

    @Override
    float unpack(float[] panel, int po, int row, int depth, int i) {
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
