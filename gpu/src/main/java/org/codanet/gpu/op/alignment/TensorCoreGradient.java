package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The full gradient in the tensor-core form, {@code tensor_core_gradient.cu}. It needs no buffer as large as u.
 *
 * <pre>
 *   dw_ij    = g'_j p_i + e_j w_ij                        never written
 *   da       = Σ_ij dw_ij B_ij,  dp_i = Σ_j g'_j w_ij     tensor_core_gradient_positions
 *   dB_ij    = Σ dw_ij a,        db_ij = Σ dw_ij          tensor_core_gradient_weights, sums over all positions
 *   dA       = patchesᵀ · da,    dx = col2im of dp + da · Aᵀ     GEMMs
 * </pre>
 *
 * <p>Both kernels split their reduction (split-K) if there would be too few blocks to fill a GPU. The partial sums are reduced in a
 * fixed order. For the gradient of a map that was applied to another input v, p is the patch of v, s is the score of v, and dx has no dp
 * term.
 */
final class TensorCoreGradient {
    /** A reduction is split if it has fewer blocks than this: about four for each multiprocessor of the largest GPUs. */
    private static final int TARGET_BLOCKS = 512;
    /** Smallest number of patch entries of a split. */
    private static final int MIN_SPAN = 8;
    /** A span is a multiple of this, because four lanes write four neighbouring entries of dp. */
    private static final int SPAN_MULTIPLE = 4;
    /** Rows are padded with zeros to a multiple of this number, the most rows that a block of either kernel reads at once. */
    private static final int ROW_MULTIPLE = 2 * TensorCoreTiling.BLOCK_POSITIONS;

    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final Patches patches;
    private final PackedWeights weights;
    private final TensorCoreWeights fragments;
    private final TensorCoreForward forward;
    private final DynamicAlignmentShape shape;
    private final TensorCoreTiling tiling;
    private final KernelSource source;

    /** @param forward computes the scores of the input that a map was applied to */
    TensorCoreGradient(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            TensorCoreWeights fragments,
            TensorCoreForward forward,
            DynamicAlignmentShape shape,
            TensorCoreTiling tiling) {
        this.resources = resources;
        this.kernels = kernels;
        this.patches = new Patches(kernels);
        this.weights = weights;
        this.fragments = fragments;
        this.forward = forward;
        this.shape = shape;
        this.tiling = tiling;
        this.source = tiling.gradientSource();
    }

    private static int roundUp(long n, int multiple) {
        return Math.toIntExact(Math.ceilDiv(n, (long) multiple) * multiple);
    }

    /** D': number of units, rounded up to whole slices. */
    private int paddedUnits() {
        return roundUp(shape.units(), TensorCoreTiling.SLICE);
    }

    private int slices() {
        return paddedUnits() / TensorCoreTiling.SLICE;
    }

    /** Patch entries of a block of the kernel by weights. */
    private int blockEntries() {
        return TensorCoreTiling.WARPS * tiling.gradientTiles();
    }

    /**
     * How the work on some rows is divided among blocks. It depends only on the number of rows, so the same rows give the same bits.
     *
     * @param rows number of rows of a chunk
     * @param blocks of the kernel by positions, along the rows
     * @param span patch entries of each of its splits
     * @param splits number of splits of the patch in the kernel by positions
     * @param rowSpan rows of each split of the kernel by weights
     * @param rowSplits number of splits of the rows in the kernel by weights
     */
    private record Partition(int rows, int blocks, int span, int splits, int rowSpan, int rowSplits) {
        /** Rows of the partial sums of da; a single split writes da itself. */
        long partialRows() {
            return splits > 1 ? (long) splits * rows : 0;
        }
    }

    private Partition partition(int rows) {
        int patch = shape.patch();
        int blocks = Math.ceilDiv(rows, TensorCoreTiling.BLOCK_POSITIONS * tiling.gradientTiles());
        int wanted = Math.min(Math.ceilDiv(TARGET_BLOCKS, blocks), Math.ceilDiv(patch, MIN_SPAN));
        int span = roundUp(Math.ceilDiv(patch, wanted), SPAN_MULTIPLE);
        int blocksOfWeights = Math.ceilDiv(patch, blockEntries()) * slices();
        int wantedRowSplits = Math.min(Math.ceilDiv(TARGET_BLOCKS, blocksOfWeights), Math.ceilDiv(rows, ROW_MULTIPLE));
        int rowSpan = roundUp(Math.ceilDiv(rows, wantedRowSplits), ROW_MULTIPLE);
        return new Partition(rows, blocks, span, Math.ceilDiv(patch, span), rowSpan, Math.ceilDiv(rows, rowSpan));
    }

    /** The sums over all images, then the buffers for one chunk of images. */
    private final class Buffers {
        private final PatchGrid grid;
        private final int images;
        private final int maxRows;
        private final WeightGradients sums;
        private final DevicePointer patches;
        private final DevicePointer mapPatches;
        private final DevicePointer mapOutputs;
        private final DevicePointer mapScores;
        private final DevicePointer scorePartials;
        private final DevicePointer dScores;
        private final DevicePointer e;
        private final DevicePointer c;
        private final DevicePointer beta;
        private final DevicePointer factorWords;
        private final DevicePointer factorPairs;
        private final DevicePointer dFactors;
        private final DevicePointer dFactorPartials;
        private final DevicePointer weightPartials;
        private final DevicePointer dPatches;

        /** @param map whether v is another input than x, which needs more memory */
        Buffers(PatchGrid grid, boolean map, BufferLayout layout) {
            this.grid = grid;
            images = grid.chunkImages(resources.chunkBytes(), rowFloats(), grid.n());
            maxRows = Math.toIntExact((long) images * grid.positions());
            long padded = roundUp(maxRows, ROW_MULTIPLE);
            Partition partition = partition(maxRows);
            // The last chunk may have fewer images, and therefore more splits.
            Partition last = partition(Math.toIntExact((long) ((grid.n() - 1) % images + 1) * grid.positions()));
            long partialRows = Math.max(partition.partialRows(), last.partialRows());
            int rowSplits = Math.max(partition.rowSplits, last.rowSplits);
            long patchFloats = grid.pointwise() ? 0 : (long) maxRows * grid.patch();
            long outputFloats = (long) maxRows * grid.units();
            sums = new WeightGradients(resources, kernels, weights, grid, layout);
            patches = AlignmentKernels.floatsOrNull(layout, patchFloats);
            mapPatches = AlignmentKernels.floatsOrNull(layout, map ? patchFloats : 0);
            mapOutputs = AlignmentKernels.floatsOrNull(layout, map ? outputFloats : 0);
            mapScores = AlignmentKernels.floatsOrNull(layout, map ? outputFloats : 0);
            scorePartials = AlignmentKernels.floatsOrNull(layout, map ? forward.partialFloats(maxRows) : 0);
            dScores = layout.floats(padded * paddedUnits());
            e = layout.floats(padded * paddedUnits());
            c = AlignmentKernels.floatsOrNull(layout, grid.weightBounding() ? outputFloats : 0);
            beta = AlignmentKernels.floatsOrNull(layout, grid.weightBounding() ? maxRows : 0);
            factorWords = layout.floats(padded * tiling.rankWords());
            factorPairs = AlignmentKernels.floatsOrNull(layout, tiling.bf16() ? padded * tiling.rankWords() : 0);
            dFactors = layout.floats((long) maxRows * grid.rank());
            dFactorPartials = AlignmentKernels.floatsOrNull(layout, partialRows * grid.rank());
            weightPartials = layout.floats((long) rowSplits * grid.patch() * grid.slotColumns());
            dPatches = layout.floats((long) maxRows * grid.patch());
        }

        /** Floats for each position, without the partial sums. */
        private long rowFloats() {
            return 3L * grid.patch() + 5L * paddedUnits() + 2L * tiling.rankWords() + grid.rank() + 1L;
        }
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        new Buffers(grid, true, layout);
        return layout.bytes();
    }

    /** As {@link Gradient#run}. */
    void run(
            ForwardState state,
            DevicePointer v,
            DevicePointer x,
            DevicePointer dOut,
            DevicePointer dIn,
            Weights gradients) {
        fragments.prepareTransposed();
        PatchGrid grid = state.grid();
        boolean map = !v.equals(x);
        DevicePointer workspace = resources.workspace(workspaceBytes(grid));
        Buffers buffers = new Buffers(grid, map, BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT));
        buffers.sums.clear();
        for (int first = 0; first < grid.n(); first += buffers.images) {
            int count = Math.min(buffers.images, grid.n() - first);
            Partition partition = partition(Math.toIntExact((long) count * grid.positions()));
            long row = (long) first * grid.positions();
            long image = first * grid.imageFloats();
            DevicePointer xPatches = patches.of(grid, x.floatsFrom(image), count, buffers.patches);
            DevicePointer vPatches = map ? patches.of(grid, v.floatsFrom(image), count, buffers.mapPatches) : xPatches;
            DevicePointer scores = map ? mapScores(buffers, state, row, partition.rows, vPatches) : state.scores(row);
            coefficients(buffers, state, row, partition.rows, scores, dOut.floatsFrom(row * grid.units()));
            if (grid.weightBounding()) {
                buffers.sums.addBounds(buffers.c, state.squaredNorms(row), partition.rows, buffers.beta);
            }
            byPositions(
                    buffers,
                    state,
                    row,
                    partition,
                    vPatches,
                    map || dIn.isNull() ? DevicePointer.NULL : buffers.dPatches);
            if (gradients != null) {
                byWeights(buffers, partition, vPatches, first > 0);
                gradientOfA(buffers, partition.rows, xPatches, first > 0);
            }
            if (!dIn.isNull()) {
                patchGradients(buffers, partition.rows, xPatches, map);
                patches.col2im(grid, buffers.dPatches, count, dIn.floatsFrom(image), map);
            }
        }
        if (gradients != null) {
            buffers.sums.addTo(gradients, false);
        }
    }

    /** Computes the scores of the patches of v with the dynamic weights that were computed from x. */
    private DevicePointer mapScores(Buffers buffers, ForwardState state, long row, int rows, DevicePointer vPatches) {
        PatchGrid grid = buffers.grid;
        Forward.Inputs inputs = new Forward.Inputs(rows, state.factors(row), grid.slots(), vPatches);
        Forward.Outputs outputs = Forward.mapOutputs(state, row, buffers.mapOutputs, buffers.mapScores);
        forward.run(buffers.maxRows, buffers.scorePartials, inputs, outputs);
        return buffers.mapScores;
    }

    /** Computes g' and e, and packs the factors as operands. */
    private void coefficients(
            Buffers buffers, ForwardState state, long row, int rows, DevicePointer scores, DevicePointer dOut) {
        PatchGrid grid = buffers.grid;
        long padded = roundUp(rows, ROW_MULTIPLE);
        kernels.elements(
                source,
                "gradient_coefficients",
                padded * paddedUnits(),
                kernel -> kernel.pointer(buffers.dScores)
                        .pointer(buffers.e)
                        .pointer(buffers.c)
                        .pointer(dOut)
                        .pointer(scores)
                        .pointer(state.squaredNorms(row))
                        .pointer(weights.frobenius())
                        .constant(shape.norm())
                        .int32(grid.units())
                        .int32(paddedUnits())
                        .int64(rows));
        kernels.elements(
                source,
                "pack_factors",
                padded * tiling.rankWords(),
                kernel -> kernel.pointer(buffers.factorWords)
                        .pointer(buffers.factorPairs)
                        .pointer(state.factors(row))
                        .int32(grid.rank())
                        .int32(grid.slots())
                        .int64(rows));
    }

    private Kernel kernel(String function) {
        return kernels.kernel(source, function);
    }

    /**
     * Writes da, and dp unless it is not needed.
     *
     * @param dPatches null if it is not needed
     */
    private void byPositions(
            Buffers buffers,
            ForwardState state,
            long row,
            Partition partition,
            DevicePointer vPatches,
            DevicePointer dPatches) {
        PatchGrid grid = buffers.grid;
        boolean split = partition.splits > 1;
        kernel("tensor_core_gradient_positions")
                .pointer(split ? buffers.dFactorPartials : buffers.dFactors)
                .pointer(dPatches)
                .pointer(vPatches)
                .pointer(state.factors(row))
                .pointer(buffers.dScores)
                .pointer(buffers.e)
                .pointer(fragments.fragments())
                .pointer(fragments.transposed())
                .int32(grid.patch())
                .int32(grid.rank())
                .int32(grid.slots())
                .int32(paddedUnits())
                .int32(partition.span)
                .int32(partition.rows)
                .launch(partition.blocks, partition.splits, TensorCoreTiling.THREADS);
        if (split) {
            kernels.elements(
                    source,
                    "reduce_factor_gradients",
                    (long) partition.rows * grid.rank(),
                    kernel -> kernel.pointer(buffers.dFactors)
                            .pointer(buffers.dFactorPartials)
                            .int32(partition.splits));
        }
    }

    /** Adds dB and db to the columns of dW that belong to slots, or overwrites these columns. */
    private void byWeights(Buffers buffers, Partition partition, DevicePointer vPatches, boolean adds) {
        PatchGrid grid = buffers.grid;
        kernel("tensor_core_gradient_weights")
                .pointer(buffers.weightPartials)
                .pointer(vPatches)
                .pointer(buffers.factorWords)
                .pointer(buffers.factorPairs)
                .pointer(buffers.dScores)
                .pointer(buffers.e)
                .pointer(fragments.fragments())
                .flag(!grid.weightBounding())
                .int32(grid.patch())
                .int32(grid.rank())
                .int32(grid.slots())
                .int32(grid.units())
                .int32(paddedUnits())
                .int32(partition.rowSpan)
                .int32(partition.rows)
                .launch(
                        Math.ceilDiv(grid.patch(), blockEntries()),
                        slices(),
                        partition.rowSplits,
                        TensorCoreTiling.THREADS);
        kernels.elements(
                source,
                "reduce_weight_gradients",
                (long) grid.patch() * grid.slotColumns(),
                kernel -> kernel.pointer(buffers.sums.dW().pointer())
                        .pointer(buffers.weightPartials)
                        .int32(partition.rowSplits)
                        .int32(grid.rank())
                        .int32(grid.slotColumns())
                        .flag(adds));
    }

    /** Adds dA to the columns of dW that belong to A, or overwrites these columns. */
    private void gradientOfA(Buffers buffers, int rows, DevicePointer xPatches, boolean adds) {
        PatchGrid grid = buffers.grid;
        Matrix left = Matrix.of(xPatches, rows, grid.patch()).transpose();
        Matrix dFactors = Matrix.of(buffers.dFactors, rows, grid.rank());
        resources.cublas().multiply(left, dFactors, buffers.sums.columnsOfA(), adds);
    }

    /** Adds da · Aᵀ to dp. The gradient of a map has no dp; da · Aᵀ is then written instead of added. */
    private void patchGradients(Buffers buffers, int rows, DevicePointer xPatches, boolean map) {
        PatchGrid grid = buffers.grid;
        Matrix dFactors = Matrix.of(buffers.dFactors, rows, grid.rank());
        Matrix dPatches = Matrix.of(buffers.dPatches, rows, grid.patch());
        resources.cublas().multiply(dFactors, weights.columnsOfA().transpose(), dPatches, !map);
        if (grid.weightBounding()) {
            patches.addScaled(grid, buffers.dPatches, xPatches, buffers.beta, rows);
        }
    }
}
