package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * 3×3 patches with stride 1 in Winograd's form F(2×2, 3×3): a row is a 2×2 square of positions. Its 4 · 9 C multiply-adds become 16 C,
 * in 16 frequencies of C channels each. Results differ from {@link DirectPatches} by rounding only, because the transforms only add,
 * subtract and halve.
 *
 * <p>Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.1.
 */
final class WinogradPatches extends Patches {
    private static final int FREQUENCIES = 16;

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
        return new PatchGrid(shape, x, 2, threads);
    }

    @Override
    int pixel() {
        return rowLength();
    }

    private int corner(PatchGrid grid, int within) {
        return (within / grid.rowsW() * 2 * grid.paddedW() + within % grid.rowsW() * 2) * pixel();
    }

    @Override
    void im2col(PatchGrid grid, float[] padded, int task, float[] out, int offset) {
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
    void outputTransform(float[] m, int groups, int vector, float[] out, int oo, int ldo) {
        kernels.winogradOutput(m, vector, null, 0, 0, out, oo, ldo);
    }

    @Override
    void addScores(float[] m, int groups, int vector, float[] a, int ao, int lda, float[] s, int so, int lds) {
        kernels.winogradOutput(m, vector, a, ao, lda, s, so, lds);
    }

    @Override
    void outputTransformAdjoint(Products products, Rows g, Rows a, Rows out, int ldf, int rows) {
        products.expand(g, a, out, ldf, rows);
    }

    @Override
    void col2im(PatchGrid grid, float[] products, int image, float[] padded) {
        int lanes = kernels.lanes();
        int task = backProductFloats(grid);
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int row = image * grid.rowsPerImage() + within;
            int local = row % grid.taskRows();
            int corner = corner(grid, within);
            for (int vector = 0; vector < depthVectors(); vector++) {
                int panel = vector / 2;
                int width = depthWidth(panel) * lanes;
                int from = row / grid.taskRows() * task
                        + backProductTile(grid, panel, 0, local / Kernels.ROWS)
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
    void weightTransform(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        kernels.winogradWeight(taps, to, ldt, out, oo, ldf);
    }

    @Override
    void weightTransformAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        kernels.winogradWeightAdjoint(in, io, ldf, taps, to, ldt);
    }
}
