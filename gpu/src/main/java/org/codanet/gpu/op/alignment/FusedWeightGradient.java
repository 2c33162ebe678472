package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.alignment.FusedTiling.Right;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Sums over all positions of the fused form, {@code fused_weight_gradient.cu}: the weight gradients and the second moments. Each sum is
 * split among the multiprocessors, and the parts are reduced in a fixed order.
 */
final class FusedWeightGradient {
    /** Fewest stages of a split. */
    private static final int MIN_STAGES = 16;
    /** Cost of a tile of work beside its stages, in stages: the pipeline fills, and the sums are written. */
    private static final int STAGES_OF_OVERHEAD = 12;

    private static final int MAX_SPLITS = 64;
    private static final int REDUCE_TILE = 32;

    private final FusedElements fused;

    FusedWeightGradient(FusedElements fused) {
        this.fused = fused;
    }

    /** Splits of a sum over {@code rows} positions: the number for which the multiprocessors finish first. */
    private int splits(int rows, Right right) {
        int tiles = fused.tiling().sumTiles(right);
        int stages = Math.ceilDiv(rows, FusedTiling.SUM_STAGE_POSITIONS);
        int best = 1;
        long least = Long.MAX_VALUE;
        for (int splits = 1; splits <= Math.clamp(stages / MIN_STAGES, 1, MAX_SPLITS); splits++) {
            long waves = Math.ceilDiv(tiles * splits, fused.multiprocessors());
            long time = waves * (Math.ceilDiv(stages, splits) + STAGES_OF_OVERHEAD);
            if (time < least) {
                least = time;
                best = splits;
            }
        }
        return best;
    }

    /** Floats of the parts of a sum over at most {@code rows} positions, or exactly {@code lastRows}. */
    long partialFloats(int rows, int lastRows, Right right) {
        int splits = Math.max(splits(rows, right), splits(lastRows, right));
        return (long) splits * fused.tiling().sumRows(right) * fused.tiling().rightEntries(right);
    }

    /**
     * Operands of a sum over the positions of a chunk.
     *
     * @param factors packed factors (m, R + 16)
     * @param scales g' or e (m, D), multiplied with the factors
     * @param left the other left values, bfloat16
     * @param right the input whose patches are the right operand; for {@link Right#FACTORS} the packed factors
     * @param rows m
     */
    record Operands(DevicePointer factors, DevicePointer scales, DevicePointer left, DevicePointer right, int rows) {}

    /** Writes dW or the second moments of a chunk to {@code sums}, or adds them. */
    void run(
            PatchGrid grid,
            Right right,
            Operands operands,
            DevicePointer partials,
            WeightGradients sums,
            boolean adds) {
        FusedTiling tiling = fused.tiling();
        DynamicAlignmentShape shape = fused.shape();
        boolean patches = right == Right.PATCHES;
        int splits = splits(operands.rows(), right);
        Kernel kernel = fused.kernels()
                .kernel(tiling.sumSource(right), "fused_weight_gradient")
                .shared(tiling.sumSharedBytes(right))
                .pointer(partials)
                .pointer(operands.factors())
                .pointer(operands.scales())
                .pointer(operands.left())
                .pointer(operands.right())
                .int32(shape.units())
                .int32(tiling.leftTiles(right));
        (patches ? FusedElements.extents(kernel, grid) : FusedElements.extents(kernel, 1, 1, 1, 1))
                .int32(splits)
                .int32(operands.rows())
                .launch(fused.blocks(tiling.sumTiles(right) * splits), tiling.sumThreads(right));
        int entries = patches ? shape.patch() : shape.slots();
        int columns = patches ? PatchGrid.columns(shape) : grid.slotColumns();
        fused.kernels()
                .kernel(tiling.elementsSource(), "reduce_weight_gradient")
                .pointer(patches ? sums.dW().pointer() : sums.moments().pointer())
                .pointer(partials)
                .int32(splits)
                .int32(tiling.sumRows(right))
                .int32(tiling.rightEntries(right))
                .int32(entries)
                .int32(columns)
                .int32(patches ? shape.rank() : 0)
                .int32(shape.units())
                .int32(patches ? shape.inChannels() : entries)
                .int32(patches ? tiling.channels() : entries)
                .flag(adds)
                .launch(Math.ceilDiv(columns, REDUCE_TILE), Math.ceilDiv(entries, REDUCE_TILE), CudaResources.BLOCK);
    }
}
