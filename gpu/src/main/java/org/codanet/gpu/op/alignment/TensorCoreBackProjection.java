package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Launches the back-projection of one chunk of images in the tensor-core form, {@code tensor_core_back_projection.cu}. A block computes
 * its dynamic weights once and applies them to up to {@link TensorCoreTiling#TARGETS} targets.
 */
final class TensorCoreBackProjection {
    /** Largest span, the number of patch entries of a block. A span is a multiple of {@link #SPAN_MULTIPLE}. */
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
     * Whether back-projection of {@code targets} targets should use this form. With two or more targets it should, because the targets
     * share the weights. One target costs P R D multiply-adds per position in either form, so the form that moves fewer bytes is used.
     * The patch-first form writes and reads t, S D floats per position. In this form each block reads the fragments of all weights for
     * its positions.
     */
    boolean suits(int targets) {
        long patchFirstBytes = 2L * Float.BYTES * shape.slots() * shape.units();
        return targets > 1 || fragments.fragmentBytes() / TensorCoreTiling.BLOCK_POSITIONS <= patchFirstBytes;
    }

    /**
     * Writes g' = dOut f.
     *
     * @param state forward state of all images
     * @param first the first image of the chunk
     * @param images number of images in the chunk
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
        // Use fewer entries per block if there would be too few blocks to fill the GPU.
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
