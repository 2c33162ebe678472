package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.alignment.FusedTiling.Right;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The full gradient in the fused form. No operand as large as u or t is written to memory.
 *
 * <pre>
 *   g', e                                                 fused_coefficients
 *   da     = Σ_j g'_j u_j + e_j h_j                       fused_factor_gradient
 *   dW     = Σ (t, g', da) pᵀ                             fused_weight_gradient, sums over all positions
 *   M_j    = Σ e_j a aᵀ                                   the same kernel, with a in place of the patches
 *   dx     = col2im of Σ_j B_j t_j + A da                 fused_back_projection
 * </pre>
 */
final class FusedGradient {
    /** Fewest stages of a split of a sum over all positions. */
    private static final int MIN_STAGES = 16;
    /** Cost of a tile of work beside its stages, in stages: the pipeline fills, and the sums are written. */
    private static final int STAGES_OF_OVERHEAD = 12;

    private static final int MAX_SPLITS = 64;
    private static final int REDUCE_TILE = 32;

    private final CudaResources resources;
    private final FusedElements fused;
    private final PackedWeights packed;
    private final FusedWeights weights;
    private final FusedBackProjection back;

    FusedGradient(
            CudaResources resources,
            FusedElements fused,
            PackedWeights packed,
            FusedWeights weights,
            FusedBackProjection back) {
        this.resources = resources;
        this.fused = fused;
        this.packed = packed;
        this.weights = weights;
        this.back = back;
    }

    /** Splits of a sum over {@code rows} positions: the number for which the multiprocessors finish first. */
    private int sumSplits(int rows, Right right) {
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

    private int factorSplits(int rows) {
        return fused.splits(FusedElements.tiles(rows), fused.tiling().groups());
    }

    /** The sums over all images, then the buffers for one chunk of images. */
    private final class Buffers {
        private final int images;
        private final WeightGradients sums;
        private final DevicePointer input;
        private final DevicePointer scaled;
        private final DevicePointer e;
        private final DevicePointer left;
        private final DevicePointer eLeft;
        private final DevicePointer dFactorPartials;
        private final DevicePointer dFactors;
        private final DevicePointer dPatches;
        private final DevicePointer weightPartials;
        private final DevicePointer momentPartials;

        Buffers(PatchGrid grid, BufferLayout layout) {
            FusedTiling tiling = fused.tiling();
            long bytes = Float.BYTES * (2L * grid.units() + 2L * grid.rank() + tiling.patch())
                    + Short.BYTES * (2L * tiling.unitColumns() + grid.rank() + tiling.patch());
            images = FusedElements.chunkImages(grid, resources.chunkBytes(), bytes, grid.n());
            int rows = images * grid.positions();
            int lastRows = ((grid.n() - 1) % images + 1) * grid.positions();
            sums = new WeightGradients(resources, fused.kernels(), packed, grid, layout);
            input = layout.bytes(fused.packedInputBytes(grid, images));
            scaled = layout.floats((long) rows * grid.units());
            e = layout.floats((long) rows * grid.units());
            left = layout.bytes((long) Short.BYTES * rows * tiling.leftColumns());
            eLeft = layout.bytes((long) Short.BYTES * rows * tiling.unitColumns());
            dFactorPartials = layout.floats(
                    grid.rank() * Math.max((long) factorSplits(rows) * rows, (long) factorSplits(lastRows) * lastRows));
            dFactors = layout.floats((long) rows * grid.rank());
            dPatches = layout.floats(Math.max(back.patchFloats(rows, true), back.patchFloats(lastRows, true)));
            weightPartials = layout.floats(partials(rows, lastRows, Right.PATCHES));
            momentPartials = layout.floats(partials(rows, lastRows, Right.FACTORS));
        }

        private long partials(int rows, int lastRows, Right right) {
            int splits = Math.max(sumSplits(rows, right), sumSplits(lastRows, right));
            return (long) splits
                    * fused.tiling().sumRows(right)
                    * fused.tiling().rightEntries(right);
        }
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        new Buffers(grid, layout);
        return layout.bytes();
    }

    /**
     * Computes the gradient of a forward pass.
     *
     * @param dIn overwritten; null if it is not needed
     * @param gradients added to; null if they are not needed
     */
    void run(ForwardState state, DevicePointer x, DevicePointer dOut, DevicePointer dIn, Weights gradients) {
        PatchGrid grid = state.grid();
        DevicePointer workspace = resources.workspace(workspaceBytes(grid));
        Buffers buffers = new Buffers(grid, BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT));
        for (int first = 0; first < grid.n(); first += buffers.images) {
            int count = Math.min(buffers.images, grid.n() - first);
            long row = (long) first * grid.positions();
            int rows = count * grid.positions();
            fused.packInput(grid, x.floatsFrom(first * grid.imageFloats()), count, buffers.input);
            coefficients(buffers, state, row, rows, dOut.floatsFrom(row * grid.units()));
            factorGradients(buffers, state, row, rows);
            if (gradients != null) {
                sum(buffers, state, row, rows, Right.PATCHES, first > 0);
                sum(buffers, state, row, rows, Right.FACTORS, first > 0);
            }
            if (!dIn.isNull()) {
                FusedBackProjection.Inputs inputs = new FusedBackProjection.Inputs(
                        buffers.scaled, DevicePointer.NULL, state.factors(row), buffers.dFactors, 1, 0);
                back.launch(grid, inputs, rows, buffers.dPatches);
                fused.col2im(
                        grid,
                        buffers.dPatches,
                        back.splits(rows, true),
                        count,
                        dIn.floatsFrom(first * grid.imageFloats()));
            }
        }
        if (gradients != null) {
            buffers.sums.addTo(gradients, true);
        }
    }

    private void coefficients(Buffers buffers, ForwardState state, long row, int rows, DevicePointer dOut) {
        DynamicAlignmentShape shape = fused.shape();
        fused.kernels()
                .elements(
                        fused.tiling().elementsSource(),
                        "fused_coefficients",
                        (long) rows * fused.tiling().unitColumns(),
                        kernel -> kernel.pointer(buffers.scaled)
                                .pointer(buffers.e)
                                .pointer(buffers.left)
                                .pointer(buffers.eLeft)
                                .pointer(dOut)
                                .pointer(state.scores(row))
                                .pointer(state.squaredNorms(row))
                                .constant(shape.norm())
                                .int32(shape.units()));
    }

    private void factorGradients(Buffers buffers, ForwardState state, long row, int rows) {
        FusedTiling tiling = fused.tiling();
        int splits = factorSplits(rows);
        FusedElements.extents(
                        fused.kernels()
                                .kernel(tiling.factorGradientSource(), "fused_factor_gradient")
                                .shared(tiling.forwardSharedBytes())
                                .pointer(buffers.dFactorPartials)
                                .pointer(buffers.scaled)
                                .pointer(buffers.e)
                                .pointer(state.packedFactors(row))
                                .pointer(buffers.input)
                                .pointer(weights.forward())
                                .int32(fused.shape().units()),
                        state.grid())
                .int32(splits)
                .int32(rows)
                .launch(fused.blocks(FusedElements.tiles(rows) * splits), FusedTiling.THREADS);
        fused.kernels()
                .elements(
                        tiling.elementsSource(),
                        "reduce_factor_gradient",
                        (long) rows * fused.shape().rank(),
                        kernel -> kernel.pointer(buffers.dFactors)
                                .pointer(buffers.left)
                                .pointer(buffers.dFactorPartials)
                                .int32(splits));
    }

    /** dW, or the second moments: a sum over the positions of a chunk, in splits, which are then reduced. */
    private void sum(Buffers buffers, ForwardState state, long row, int rows, Right right, boolean adds) {
        FusedTiling tiling = fused.tiling();
        DynamicAlignmentShape shape = fused.shape();
        PatchGrid grid = state.grid();
        boolean patches = right == Right.PATCHES;
        int splits = sumSplits(rows, right);
        DevicePointer partials = patches ? buffers.weightPartials : buffers.momentPartials;
        DevicePointer factors = state.packedFactors(row);
        var kernel = fused.kernels()
                .kernel(tiling.sumSource(right), "fused_weight_gradient")
                .shared(tiling.sumSharedBytes(right))
                .pointer(partials)
                .pointer(factors)
                .pointer(patches ? buffers.scaled : buffers.e)
                .pointer(patches ? buffers.left : buffers.eLeft)
                .pointer(patches ? buffers.input : factors)
                .int32(shape.units())
                .int32(tiling.leftTiles(right));
        (patches ? FusedElements.extents(kernel, grid) : FusedElements.extents(kernel, 1, 1, 1, 1))
                .int32(splits)
                .int32(rows)
                .launch(fused.blocks(tiling.sumTiles(right) * splits), tiling.sumThreads(right));
        int entries = patches ? shape.patch() : shape.slots();
        int columns = patches ? PatchGrid.columns(shape) : grid.slotColumns();
        fused.kernels()
                .kernel(tiling.elementsSource(), "reduce_weight_gradient")
                .pointer(
                        patches
                                ? buffers.sums.dW().pointer()
                                : buffers.sums.moments().pointer())
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
