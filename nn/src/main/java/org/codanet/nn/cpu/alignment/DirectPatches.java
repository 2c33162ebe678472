package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/** Patches as they are: a row is one position, its P values are (ky, kx, c). Any kernel and stride. */
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
        return PatchGrid.of(shape, x, 1, threads);
    }

    @Override
    int pixel() {
        return shape.inChannels();
    }

    /** Offset in a padded image of the patch that a row within an image begins with. */
    private int corner(PatchGrid grid, int within) {
        int y = within / grid.rowsW() * shape.stride();
        int x = within % grid.rowsW() * shape.stride();
        return (y * grid.paddedW() + x) * pixel();
    }

    @Override
    void gather(PatchGrid grid, float[] padded, int task, float[] out, int offset) {
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
        int lanes = kernels.lanes();
        int row = 2 * lanes;
        if (a != null) {
            kernels.scaleAdd(m, vector * lanes, row, a, ao, lda, s, so, lds, groups * Kernels.ROWS);
        }
        if (out != null) {
            for (int i = 0; i < groups * Kernels.ROWS; i++) {
                System.arraycopy(m, i * row + vector * lanes, out, oo + i * ldo, lanes);
            }
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
        products.scale(g, go, ldg, a, ao, lda, out, oo, ldt, rows);
    }

    @Override
    void scatter(PatchGrid grid, float[] products, int image, float[] padded, int offset) {
        int lanes = kernels.lanes();
        int task = productsOfTask(grid);
        int run = shape.kernel() * shape.inChannels();
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int row = image * grid.rowsPerImage() + within;
            int local = row % grid.taskRows();
            int corner = offset + corner(grid, within);
            for (int panel = 0; panel < depthPanels(); panel++) {
                int width = depthWidth(panel) * lanes;
                int from = row / grid.taskRows() * task
                        + product(grid, panel, 0, local / Kernels.ROWS)
                        + local % Kernels.ROWS * width;
                // A panel covers patch entries that may span rows of the kernel: cut where the image's row ends.
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
    void transformWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        System.arraycopy(taps, to, out, oo, kernels.lanes());
    }

    @Override
    void transformWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        System.arraycopy(in, io, taps, to, kernels.lanes());
    }
}
