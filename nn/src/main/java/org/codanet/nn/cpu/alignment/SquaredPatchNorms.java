package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/** Squared norms of patches and their gradient, for the norm WB. */
final class SquaredPatchNorms {
    private SquaredPatchNorms() {}

    /** Writes ‖p‖² of every position of a task into every lane of its row of q; zero where there is no position. */
    static void squares(
            PatchGrid grid,
            DynamicAlignmentShape shape,
            Patches patches,
            float[] padded,
            int task,
            float[] q,
            int row) {
        for (int p = 0; p < grid.taskPositions(); p++) {
            int position = grid.position(task, p);
            float square = 0;
            if (position >= 0) {
                int from = corner(grid, shape, patches, position);
                for (int ky = 0; ky < shape.kernel(); ky++) {
                    for (int kx = 0; kx < shape.kernel(); kx++) {
                        int at = from + (ky * grid.paddedW() + kx) * patches.pixel();
                        for (int c = 0; c < shape.inChannels(); c++) {
                            square += padded[at + c] * padded[at + c];
                        }
                    }
                }
            }
            java.util.Arrays.fill(q, p * row, (p + 1) * row, square);
        }
    }

    /** Adds {@code factor · x} over the patch of an output position to the padded gradient of its image. */
    static void addPatch(
            PatchGrid grid,
            DynamicAlignmentShape shape,
            Patches patches,
            Kernels kernels,
            float factor,
            float[] padded,
            int position,
            float[] gradient) {
        int image = position / (grid.outH() * grid.outW()) * patches.paddedImage(grid);
        int from = corner(grid, shape, patches, position);
        for (int ky = 0; ky < shape.kernel(); ky++) {
            int at = from + ky * grid.paddedW() * patches.pixel();
            kernels.axpy(factor, padded, at, gradient, at - image, shape.kernel() * patches.pixel());
        }
    }

    private static int corner(PatchGrid grid, DynamicAlignmentShape shape, Patches patches, int position) {
        int perImage = grid.outH() * grid.outW();
        int y = position % perImage / grid.outW() * shape.stride();
        int x = position % grid.outW() * shape.stride();
        return position / perImage * patches.paddedImage(grid) + (y * grid.paddedW() + x) * patches.pixel();
    }
}
