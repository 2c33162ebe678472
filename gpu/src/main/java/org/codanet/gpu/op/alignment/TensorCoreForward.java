package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Launches the forward pass and the frozen map for the rows of one chunk in the tensor-core form, {@code tensor_core_forward.cu}. This
 * form does not compute the products u, which are many times larger than the image.
 */
final class TensorCoreForward {
    /**
     * Target number of blocks: two for each multiprocessor of the largest GPUs. With fewer, the reduction over the patch is split
     * (split-K).
     */
    static final int TARGET_BLOCKS = 264;
    /** Smallest number of patch entries of a split. */
    private static final int MIN_SPAN = 8;
    /** A span is a multiple of the patch entries of the largest stage, so that a split consists of whole stages. */
    private static final int SPAN_MULTIPLE = 4;
    /** Largest number of splits. With more, reducing the partial sums would take longer than the split saves. */
    private static final int MAX_SPLITS = 48;

    private final AlignmentKernels kernels;
    private final DynamicAlignmentShape shape;
    private final TensorCoreTiling tiling;
    private final TensorCoreWeights fragments;
    private final PackedWeights weights;
    private final KernelSource source;

    TensorCoreForward(
            AlignmentKernels kernels,
            DynamicAlignmentShape shape,
            TensorCoreTiling tiling,
            TensorCoreWeights fragments,
            PackedWeights weights) {
        this.kernels = kernels;
        this.shape = shape;
        this.tiling = tiling;
        this.fragments = fragments;
        this.weights = weights;
        this.source = tiling.forwardSource();
    }

    private int unitTiles() {
        return Math.ceilDiv(shape.units(), TensorCoreTiling.UNIT_TILE);
    }

    /**
     * How the forward pass of some rows is divided among blocks.
     *
     * @param tiles number of tiles of 16 positions that a warp has
     * @param splits number of splits of the patch; 1 if positions and units alone make enough blocks
     * @param span patch entries of each split; the last may have fewer
     */
    private record Partition(int tiles, int splits, int span) {
        long blocks(long rows) {
            return Math.ceilDiv(rows, (long) TensorCoreTiling.BLOCK_POSITIONS * tiles);
        }
    }

    private Partition partition(long rows) {
        int maxTiles = tiling.forwardTiles();
        long blocksOfLargeTiles = Math.ceilDiv(rows, (long) TensorCoreTiling.BLOCK_POSITIONS * maxTiles) * unitTiles();
        int tiles = blocksOfLargeTiles < TARGET_BLOCKS / 2 ? 1 : maxTiles;
        long blocks = Math.ceilDiv(rows, (long) TensorCoreTiling.BLOCK_POSITIONS * tiles) * unitTiles();
        int wanted = Math.clamp(TARGET_BLOCKS / blocks, 1, MAX_SPLITS);
        int span = Math.max(MIN_SPAN, Math.ceilDiv(Math.ceilDiv(shape.patch(), wanted), SPAN_MULTIPLE) * SPAN_MULTIPLE);
        return new Partition(tiles, Math.ceilDiv(shape.patch(), span), span);
    }

    /** Floats of the buffer for partial sums that {@link #run} needs for {@code maxRows} rows. */
    long partialFloats(long maxRows) {
        int splits = partition(maxRows).splits();
        return splits == 1 ? 0 : 2L * splits * maxRows * shape.units();
    }

    /**
     * Computes the outputs of some rows.
     *
     * @param maxRows rows of the largest chunk of the call; determines the splits, so that all chunks are split in the same way
     * @param partials buffer of {@link #partialFloats} floats
     */
    void run(long maxRows, DevicePointer partials, Forward.Inputs inputs, Forward.Outputs outputs) {
        Partition partition = partition(maxRows);
        boolean split = partition.splits() > 1;
        boolean oneTile = partition.tiles() < tiling.forwardTiles();
        kernels.kernel(source, oneTile ? "tensor_core_forward_one_tile" : "tensor_core_forward")
                .pointer(outputs.y())
                .pointer(outputs.scores())
                .pointer(outputs.factors())
                .pointer(outputs.squaredNorms())
                .pointer(split ? partials : DevicePointer.NULL)
                .pointer(inputs.a())
                .pointer(inputs.patches())
                .pointer(fragments.fragments())
                .pointer(weights.frobenius())
                .constant(shape.norm())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(inputs.stride())
                .int32(shape.slots())
                .int32(shape.units())
                .int32(partition.span())
                .int64(inputs.rows())
                .launch(partition.blocks(inputs.rows()), unitTiles(), partition.splits(), TensorCoreTiling.THREADS);
        if (split) {
            reduce(partition.splits(), partials, inputs.rows(), outputs);
        }
    }

    private void reduce(int splits, DevicePointer partials, long rows, Forward.Outputs outputs) {
        kernels.elements(
                source,
                "tensor_core_forward_reduce",
                rows * shape.units(),
                kernel -> kernel.pointer(outputs.y())
                        .pointer(outputs.scores())
                        .pointer(outputs.squaredNorms())
                        .pointer(partials)
                        .pointer(weights.frobenius())
                        .constant(shape.norm())
                        .int32(splits)
                        .int32(shape.units()));
    }
}
