package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Back-projection in the tensor-core form, {@code tensor_core_back_projection.cu}: launches for one chunk of images. The dynamic weights
 * are computed once for {@link TensorCoreTiling#TARGETS} targets.
 */
final class TensorCoreBackProjection {
    /** Patch entries of a block at most, and the number that its span is a multiple of. */
    private static final int MAX_SPAN = 32;

    private static final int SPAN_MULTIPLE = 4;

    private final AlignmentKernels kernels;
    private final DynamicAlignmentShape shape;
    private final TensorCoreWeights fragments;
    private final PackedWeights weights;
    private final KernelSource source;

    TensorCoreBackProjection(
            AlignmentKernels kernels,
            DynamicAlignmentShape shape,
            TensorCoreTiling tiling,
            TensorCoreWeights fragments,
            PackedWeights weights) {
        this.kernels = kernels;
        this.shape = shape;
        this.fragments = fragments;
        this.weights = weights;
        this.source = tiling.backProjectionSource();
    }

    /**
     * Whether back-projection of so many targets should use this form. It should for two targets or more, because the weights are computed
     * once for all. One target costs P R D multiply-adds a position in either form; then the form that moves fewer bytes is used.
     * Patch-first writes and reads t, S D floats a position; here, each block reads the fragments of all weights for its positions.
     */
    boolean suits(int targets) {
        long patchFirstBytes = 2L * Float.BYTES * shape.slots() * shape.units();
        return targets > 1 || fragments.fragmentBytes() / TensorCoreTiling.BLOCK_POSITIONS <= patchFirstBytes;
    }

    /**
     * Writes g' = dOut f.
     *
     * @param state of all images
     * @param first the first image of the chunk
     * @param images of the chunk
     * @param dOut (N, T, positions, D) of all images
     * @param dScores g' (images, T, positions, D) of the chunk
     */
    void scaleTargets(
            ForwardState state, int first, int images, int targets, DevicePointer dOut, DevicePointer dScores) {
        PatchGrid grid = state.grid();
        kernels.elements(
                source,
                "scale_targets",
                (long) images * grid.positions() * targets * shape.units(),
                kernel -> kernel.pointer(dScores)
                        .pointer(dOut)
                        .pointer(state.squaredNorms(0))
                        .pointer(weights.frobenius())
                        .constant(shape.norm())
                        .int32(shape.units())
                        .int32(grid.positions())
                        .int32(targets)
                        .int32(first));
    }

    /** Writes dPatches (images, T, positions, P) of a chunk from g' (images, T, positions, D). */
    void run(ForwardState state, int first, int images, int targets, DevicePointer dScores, DevicePointer dPatches) {
        PatchGrid grid = state.grid();
        long rows = (long) images * grid.positions();
        long blocks = Math.ceilDiv(rows, (long) TensorCoreTiling.BLOCK_POSITIONS);
        int groups = Math.ceilDiv(targets, TensorCoreTiling.TARGETS);
        // Fewer entries a block if there would be too few blocks to fill the GPU.
        long entries = Math.ceilDiv(shape.patch() * blocks * groups, (long) TensorCoreForward.TARGET_BLOCKS);
        int span = (int) Math.min(MAX_SPAN, Math.ceilDiv(entries, (long) SPAN_MULTIPLE) * SPAN_MULTIPLE);
        kernels.kernel(source, "tensor_core_back_projection")
                .pointer(dPatches)
                .pointer(dScores)
                .pointer(state.factors((long) first * grid.positions()))
                .pointer(fragments.fragments())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(grid.slots())
                .int32(shape.units())
                .int32(grid.positions())
                .int32(targets)
                .int32(span)
                .int64(rows)
                .launch(blocks, Math.ceilDiv(shape.patch(), span), groups, TensorCoreTiling.THREADS);
    }
}
