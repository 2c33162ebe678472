package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * 3×3 patches with stride 1 in Winograd's form F(2×2, 3×3): a row is a square of 2×2 positions, and their 4 · 9 C
 * multiply-adds become 16 C, at 16 frequencies of C channels each. What the layer computes is unchanged up to rounding: the
 * transforms only add, subtract and halve.
 */
final class WinogradPatches extends Patches {
    private static final int FREQUENCIES = 16;
    private static final int POSITIONS = 4;

    WinogradPatches(DynamicAlignmentShape shape, Kernels kernels) {
        super(shape, kernels);
    }

    @Override
    String name() {
        return "Winograd F(2x2, 3x3)";
    }

    @Override
    int frequencies() {
        return FREQUENCIES;
    }

    @Override
    int depth() {
        return shape.inChannels();
    }

    @Override
    int rowLength() {
        return depthVectors() * kernels.lanes();
    }

    @Override
    PatchGrid grid(Shape x, int threads) {
        return PatchGrid.of(shape, x, 2, threads);
    }

    @Override
    int pixel() {
        return rowLength();
    }

    private int corner(PatchGrid grid, int within) {
        return (within / grid.rowsW() * 2 * grid.paddedW() + within % grid.rowsW() * 2) * pixel();
    }

    @Override
    void gather(PatchGrid grid, float[] padded, int task, float[] out, int offset) {
        int length = rowLength();
        int frequency = grid.taskRows() * length;
        int exist = grid.rowsOf(task);
        int image = paddedImage(grid);
        for (int local = 0; local < grid.taskRows(); local++) {
            int to = offset + local * length;
            if (local >= exist) {
                for (int f = 0; f < FREQUENCIES; f++) {
                    java.util.Arrays.fill(out, to + f * frequency, to + f * frequency + length, 0);
                }
                continue;
            }
            int row = task * grid.taskRows() + local;
            int from = row / grid.rowsPerImage() * image + corner(grid, row % grid.rowsPerImage());
            kernels.winogradInput(padded, from, grid.paddedW() * pixel(), pixel(), out, to, frequency, length);
        }
    }

    @Override
    void collect(
            float[] m,
            int groups,
            int vector,
            float[] a,
            int ao,
            int lda,
            float[] s,
            int so,
            int lds,
            float[] out,
            int oo,
            int ldo) {
        if (out == null) {
            kernels.winogradOutput(m, vector, a, ao, lda, s, so, lds);
            return;
        }
        kernels.winogradOutput(m, vector, null, 0, 0, out, oo, ldo);
        if (a != null) {
            kernels.scaleAdd(out, oo, ldo, a, ao, lda, s, so, lds, POSITIONS * Kernels.ROWS);
        }
    }

    @Override
    void spread(
            Products products,
            float[] g,
            int go,
            int ldg,
            float[] a,
            int ao,
            int lda,
            float[] out,
            int oo,
            int ldf,
            int ldt,
            int rows) {
        products.expand(g, go, ldg, a, ao, lda, out, oo, ldf, ldt, rows);
    }

    @Override
    void scatter(PatchGrid grid, float[] products, int image, float[] padded, int offset) {
        int lanes = kernels.lanes();
        int task = productsOfTask(grid);
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int row = image * grid.rowsPerImage() + within;
            int local = row % grid.taskRows();
            int corner = offset + corner(grid, within);
            for (int vector = 0; vector < depthVectors(); vector++) {
                int panel = vector / 2;
                int width = depthWidth(panel) * lanes;
                int from = row / grid.taskRows() * task
                        + product(grid, panel, 0, local / Kernels.ROWS)
                        + local % Kernels.ROWS * width
                        + vector % 2 * lanes;
                kernels.winogradInputAdjoint(
                        products,
                        from,
                        grid.taskRows() * width,
                        padded,
                        corner + vector * lanes,
                        grid.paddedW() * pixel(),
                        pixel(),
                        lanes);
            }
        }
    }

    @Override
    int taps() {
        return 9;
    }

    @Override
    void transformWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        kernels.winogradWeight(taps, to, ldt, out, oo, ldf);
    }

    @Override
    void transformWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        kernels.winogradWeightAdjoint(in, io, ldf, taps, to, ldt);
    }
}
