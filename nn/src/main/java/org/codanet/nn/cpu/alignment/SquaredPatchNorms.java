package org.codanet.nn.cpu.alignment;

import java.util.Arrays;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The squared norms ‖p‖² of patches, which the norm WB divides by, and their gradient.
 *
 * @param padded all images, padded
 */
record SquaredPatchNorms(PatchGrid grid, DynamicAlignmentShape shape, Patches patches, float[] padded) {
    /**
     * Writes ‖p‖² of every position of a task to all {@code row} values of the position's row of q. Writes 0 if the position does not
     * exist.
     */
    void write(int task, float[] q, int row) {
        for (int p = 0; p < grid.taskPositions(); p++) {
            int position = grid.position(task, p);
            float square = 0;
            if (position >= 0) {
                int from = corner(position);
                for (int ky = 0; ky < shape.kernel(); ky++) {
                    for (int kx = 0; kx < shape.kernel(); kx++) {
                        int at = from + (ky * grid.paddedW() + kx) * patches.pixel();
                        for (int c = 0; c < shape.inChannels(); c++) {
                            square += padded[at + c] * padded[at + c];
                        }
                    }
                }
            }
            Arrays.fill(q, p * row, (p + 1) * row, square);
        }
    }

    /** Adds {@code beta · p}, with p the patch of an output position, to the padded gradient of its image. */
    void addPatch(Kernels kernels, float beta, int position, float[] gradient) {
        int image = position / (grid.outH() * grid.outW()) * patches.paddedImage(grid);
        int from = corner(position);
        for (int ky = 0; ky < shape.kernel(); ky++) {
            int at = from + ky * grid.paddedW() * patches.pixel();
            kernels.axpy(beta, padded, at, gradient, at - image, shape.kernel() * patches.pixel());
        }
    }

    private int corner(int position) {
        int perImage = grid.outH() * grid.outW();
        int y = position % perImage / grid.outW() * shape.stride();
        int x = position % grid.outW() * shape.stride();
        return position / perImage * patches.paddedImage(grid) + (y * grid.paddedW() + x) * patches.pixel();
    }
}
