package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/** Patches without a transform, for any kernel and stride. A row is one position and has the P values (ky, kx, c) of its patch. */
final class DirectPatches extends Patches {
    DirectPatches(DynamicAlignmentShape shape, Kernels kernels) {
        super(shape, kernels);
    }

    @Override
    String name() {
        return "direct";
    }

    @Override
    int frequencies() {
        return 1;
    }

    @Override
    int depth() {
        return shape.patch();
    }

    @Override
    int rowLength() {
        return (shape.patch() + Kernels.ROWS - 1) / Kernels.ROWS * Kernels.ROWS;
    }

    @Override
    PatchGrid grid(Shape x, int threads) {
        return new PatchGrid(shape, x, 1, threads);
    }

    @Override
    int pixel() {
        return shape.inChannels();
    }

    /** Offset in the padded image at which the patch of a row begins. */
    private int corner(PatchGrid grid, int within) {
        int y = within / grid.rowsW() * shape.stride();
        int x = within % grid.rowsW() * shape.stride();
        return (y * grid.paddedW() + x) * pixel();
    }

    @Override
    void im2col(PatchGrid grid, float[] padded, int task, float[] out, int offset) {
        int length = rowLength();
        int run = shape.kernel() * shape.inChannels();
        int image = paddedImage(grid);
        int exist = grid.rowsOf(task);
        for (int local = 0; local < grid.taskRows(); local++) {
            int to = offset + local * length;
            if (local >= exist) {
                java.util.Arrays.fill(out, to, to + length, 0);
                continue;
            }
            int row = task * grid.taskRows() + local;
            int from = row / grid.rowsPerImage() * image + corner(grid, row % grid.rowsPerImage());
            for (int ky = 0; ky < shape.kernel(); ky++) {
                System.arraycopy(padded, from + ky * grid.paddedW() * pixel(), out, to + ky * run, run);
            }
            java.util.Arrays.fill(out, to + depth(), to + length, 0);
        }
    }

    @Override
    void outputTransform(float[] m, int groups, int vector, float[] out, int oo, int ldo) {
        int lanes = kernels.lanes();
        for (int i = 0; i < groups * Kernels.ROWS; i++) {
            System.arraycopy(m, (2 * i + vector) * lanes, out, oo + i * ldo, lanes);
        }
    }

    @Override
    void addScores(float[] m, int groups, int vector, float[] a, int ao, int lda, float[] s, int so, int lds) {
        int lanes = kernels.lanes();
        kernels.scaleAdd(m, vector * lanes, 2 * lanes, a, ao, lda, s, so, lds, groups * Kernels.ROWS);
    }

    @Override
    void outputTransformAdjoint(Products products, Rows g, Rows a, Rows out, int ldf, int rows) {
        products.scale(g, a, out, rows);
    }

    @Override
    void col2im(PatchGrid grid, float[] products, int image, float[] padded) {
        int lanes = kernels.lanes();
        int task = backProductFloats(grid);
        int run = shape.kernel() * shape.inChannels();
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int row = image * grid.rowsPerImage() + within;
            int local = row % grid.taskRows();
            int corner = corner(grid, within);
            for (int panel = 0; panel < depthPanels(); panel++) {
                int width = depthWidth(panel) * lanes;
                int from = row / grid.taskRows() * task
                        + backProductTile(grid, panel, 0, local / Kernels.ROWS)
                        + local % Kernels.ROWS * width;
                // The patch entries of a panel may span several rows of the kernel, which are not contiguous in the
                // image.
                int entry = panel * 2 * lanes;
                int end = Math.min(entry + width, depth());
                while (entry < end) {
                    int ky = entry / run;
                    int stop = Math.min(end, (ky + 1) * run);
                    kernels.axpy(
                            1,
                            products,
                            from + entry - panel * 2 * lanes,
                            padded,
                            corner + ky * grid.paddedW() * pixel() + entry - ky * run,
                            stop - entry);
                    entry = stop;
                }
            }
        }
    }

    @Override
    int taps() {
        return 1;
    }

    @Override
    void weightTransform(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        System.arraycopy(taps, to, out, oo, kernels.lanes());
    }

    @Override
    void weightTransformAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        System.arraycopy(in, io, taps, to, kernels.lanes());
    }
}
