package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Back-projection of T targets through frozen dynamic weights. The patch-first form uses {@code back_projection.cu} and a GEMM; the
 * tensor-core form is {@link TensorCoreBackProjection}. Both end with col2im. The images are processed in chunks whose buffers fit
 * within the device's chunk size.
 */
final class BackProjection {
    static final KernelSource SOURCE = AlignmentKernels.source("back_projection.cu");

    private final CudaResources resources;
    private final DynamicAlignmentShape shape;
    private final AlignmentKernels kernels;
    private final Patches patches;
    private final PackedWeights weights;
    private final TensorCoreBackProjection tensorCore;

    /** @param tensorCore null if the layer does not use that form */
    BackProjection(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            DynamicAlignmentShape shape,
            TensorCoreBackProjection tensorCore) {
        this.resources = resources;
        this.shape = shape;
        this.kernels = kernels;
        this.patches = new Patches(kernels);
        this.weights = weights;
        this.tensorCore = tensorCore;
    }

    private boolean usesTensorCores(int targets) {
        return tensorCore != null && tensorCore.suits(targets);
    }

    /** The form that is used for {@code targets} targets, for {@code --verbose}. */
    String form(int targets) {
        return usesTensorCores(targets) ? "tensor-core" : "patch-first";
    }

    /** The smallest m such that the same form is used for every number of targets from m to {@code targets}. */
    int minUniformTargets(int targets) {
        int least = targets;
        while (least > 1 && usesTensorCores(least - 1) == usesTensorCores(targets)) {
            least--;
        }
        return least;
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid, int targets) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        if (usesTensorCores(targets)) {
            new TensorCoreBuffers(grid, targets, layout);
        } else {
            new PatchFirstBuffers(grid, targets, layout);
        }
        return layout.bytes();
    }

    /**
     * Writes dIn (N, T, H, W, C).
     *
     * @param dOut (N, T, Ho, Wo, D)
     */
    void run(ForwardState state, int targets, DevicePointer dOut, DevicePointer dIn) {
        DevicePointer workspace = resources.workspace(workspaceBytes(state.grid(), targets));
        BufferLayout layout = BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT);
        if (usesTensorCores(targets)) {
            tensorCore(new TensorCoreBuffers(state.grid(), targets, layout), state, targets, dOut, dIn);
        } else {
            patchFirst(new PatchFirstBuffers(state.grid(), targets, layout), state, targets, dOut, dIn);
        }
    }

    /** Buffers for a chunk of images with all their targets. */
    private final class TensorCoreBuffers {
        private final int images;
        private final DevicePointer dScores;
        private final DevicePointer dPatches;

        TensorCoreBuffers(PatchGrid grid, int targets, BufferLayout layout) {
            long floats = (long) targets * (grid.units() + grid.patch());
            images = grid.chunkImages(resources.chunkBytes(), floats, grid.n());
            long maxRows = (long) images * grid.positions() * targets;
            dScores = layout.floats(maxRows * grid.units());
            dPatches = layout.floats(maxRows * grid.patch());
        }
    }

    private void tensorCore(
            TensorCoreBuffers buffers, ForwardState state, int targets, DevicePointer dOut, DevicePointer dIn) {
        PatchGrid grid = state.grid();
        for (int first = 0; first < grid.n(); first += buffers.images) {
            int count = Math.min(buffers.images, grid.n() - first);
            tensorCore.scaleTargets(state, first, count, targets, dOut, buffers.dScores);
            tensorCore.run(state, first, count, targets, buffers.dScores, buffers.dPatches);
            DevicePointer to = dIn.floatsFrom(first * targets * grid.imageFloats());
            patches.col2im(grid, buffers.dPatches, count * targets, to, false);
        }
    }

    /** Buffers for a chunk of (image, target) pairs. The targets of one image may be in different chunks. */
    private final class PatchFirstBuffers {
        private final int pairs;
        private final DevicePointer t;
        private final DevicePointer dPatches;

        PatchFirstBuffers(PatchGrid grid, int targets, BufferLayout layout) {
            long floats = (long) grid.slotColumns() + grid.patch();
            pairs = grid.chunkImages(resources.chunkBytes(), floats, Math.multiplyExact(grid.n(), targets));
            long maxRows = (long) pairs * grid.positions();
            t = layout.floats(maxRows * grid.slotColumns());
            dPatches = layout.floats(maxRows * grid.patch());
        }
    }

    private void patchFirst(
            PatchFirstBuffers buffers, ForwardState state, int targets, DevicePointer dOut, DevicePointer dIn) {
        PatchGrid grid = state.grid();
        int all = Math.multiplyExact(grid.n(), targets);
        for (int first = 0; first < all; first += buffers.pairs) {
            int count = Math.min(buffers.pairs, all - first);
            int begin = first;
            long rows = (long) count * grid.positions();
            kernels.elements(
                    SOURCE,
                    "patch_first_back_projection",
                    rows * grid.units(),
                    kernel -> kernel.pointer(buffers.t)
                            .pointer(dOut)
                            .pointer(state.factors(0))
                            .pointer(state.squaredNorms(0))
                            .pointer(weights.frobenius())
                            .constant(shape.norm())
                            .int32(grid.slots())
                            .int32(grid.units())
                            .int32(grid.positions())
                            .int32(targets)
                            .int32(begin));
            kernels.products()
                    .multiply(
                            Matrix.of(buffers.t, Math.toIntExact(rows), grid.slotColumns()),
                            weights.slotColumns().transpose(),
                            Matrix.of(buffers.dPatches, Math.toIntExact(rows), grid.patch()),
                            false);
            patches.col2im(grid, buffers.dPatches, count, dIn.floatsFrom(first * grid.imageFloats()), false);
        }
    }
}
