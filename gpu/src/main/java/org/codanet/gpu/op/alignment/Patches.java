package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/** Launches the kernels of {@code patches.cu}: im2col, col2im, and the patch norms of WB with their gradient. */
final class Patches {
    static final KernelSource SOURCE = AlignmentKernels.source("patches.cu");

    private final AlignmentKernels kernels;

    Patches(AlignmentKernels kernels) {
        this.kernels = kernels;
    }

    /**
     * Patches (rows, P) of images (n, H, W, C).
     *
     * @param buffer receives the patches; not used if a patch is a single input position, as in 1 × 1 layers
     * @return the patches: {@code buffer}, or {@code x} itself
     */
    DevicePointer of(PatchGrid grid, DevicePointer x, int images, DevicePointer buffer) {
        if (grid.pointwise()) {
            return x;
        }
        im2col(grid, x, images, buffer);
        return buffer;
    }

    /** Writes the patches (rows, P) of images (n, H, W, C). */
    void im2col(PatchGrid grid, DevicePointer x, int images, DevicePointer patches) {
        kernels.elements(
                SOURCE,
                "im2col",
                (long) images * grid.positions() * grid.patch(),
                kernel -> geometry(kernel.pointer(patches).pointer(x), grid));
    }

    /**
     * Sums patches (rows, P) into images (n, H, W, C).
     *
     * @param adds true to add to {@code dx}, false to overwrite it
     */
    void col2im(PatchGrid grid, DevicePointer patches, int images, DevicePointer dx, boolean adds) {
        kernels.elements(
                SOURCE,
                "col2im",
                images * grid.imageFloats(),
                kernel -> geometry(kernel.pointer(dx).pointer(patches), grid).flag(adds));
    }

    private static Kernel geometry(Kernel kernel, PatchGrid grid) {
        DynamicAlignmentShape shape = grid.shape();
        return kernel.int32(grid.h())
                .int32(grid.w())
                .int32(shape.inChannels())
                .int32(grid.outH())
                .int32(grid.outW())
                .int32(shape.kernel())
                .int32(shape.stride())
                .int32(shape.padding());
    }

    /** WB: writes |p|² (rows). */
    void squaredNorms(PatchGrid grid, DevicePointer patches, long rows, DevicePointer squaredNorms) {
        kernels.warps(
                SOURCE,
                "squared_patch_norms",
                rows,
                kernel -> kernel.pointer(squaredNorms).pointer(patches).int32(grid.patch()));
    }

    /** WB: adds β p, the gradient through |p|, to dPatches (rows, P). {@code beta} (rows) is from {@link WeightGradients#addBounds}. */
    void addScaled(PatchGrid grid, DevicePointer dPatches, DevicePointer patches, DevicePointer beta, long rows) {
        kernels.elements(
                SOURCE,
                "add_scaled_patches",
                rows * grid.patch(),
                kernel ->
                        kernel.pointer(dPatches).pointer(patches).pointer(beta).int32(grid.patch()));
    }
}
