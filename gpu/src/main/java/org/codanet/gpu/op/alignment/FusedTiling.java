package org.codanet.gpu.op.alignment;

import java.util.ArrayList;
import java.util.List;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;

/**
 * How the kernels of the fused form divide the work of one layer: tiles, pipeline stages and shared memory. All numbers are passed to
 * NVRTC as defines, so that a kernel and its launch agree. {@code warpgroup.cuh} and {@code fused.cuh} explain the terms.
 */
public final class FusedTiling {
    /** The only compute capability whose tensor cores execute {@code wgmma}: Hopper. */
    static final int CAPABILITY = 90;
    /** Threads of a block: two warpgroups that multiply and one that copies. */
    static final int THREADS = 384;
    /** Positions of a block. */
    static final int POSITIONS = 128;
    /** Columns of the weights that a warpgroup multiplies at once, without the biases. */
    private static final int GROUP_COLUMNS = 128;
    /** Columns of a group for the biases of its units. */
    private static final int BIAS_COLUMNS = 8;
    /** Values along the depth of one product, and of one tile. */
    private static final int PRODUCT_DEPTH = 16;

    /** Values of a row of a tile in shared memory, and rows of a tile of the weight gradient. */
    static final int TILE = 64;

    /** Positions of a stage of a sum over all positions. */
    static final int SUM_STAGE_POSITIONS = 32;

    private static final int TILE_ROW_BYTES = 2 * TILE;
    /** Channels of the 16-byte chunks in which patches are copied. */
    private static final int CHUNK = 8;
    /** Shared memory of a block on Hopper. */
    private static final int SHARED_BYTES = 227 * 1024;
    /** Tiles begin at multiples of this, because the 128-byte swizzle is a function of the address. */
    private static final int TILE_ALIGNMENT = 1024;
    /** With fewer stages of weights, copies and products would take turns. */
    private static final int MIN_STAGES = 3;

    private static final int MAX_STAGES = 8;
    private static final int BARRIER_BYTES = Long.BYTES;
    /** The tile of the constant 1 that is multiplied with the biases of the Gram matrices. */
    private static final int ONES_BYTES = 256;
    /** With more columns, the sums of a warpgroup would not fit in registers. */
    private static final int MAX_BLOCK_COLUMNS = 288;
    /** Columns of the largest {@code wgmma}. */
    private static final int MAX_PRODUCT_COLUMNS = 256;
    /** The first of two products of the weight gradient has a multiple of {@link #TILE} columns. */
    private static final int FIRST_PRODUCT_COLUMNS = 128;

    private final DynamicAlignmentShape shape;
    private final int chunks;
    private final int patchBuffers;
    private final int stages;
    private final int blockColumns;

    private FusedTiling(DynamicAlignmentShape shape) {
        this.shape = shape;
        this.chunks = Math.ceilDiv(shape.inChannels(), CHUNK);
        this.patchBuffers = stages(2) >= MIN_STAGES + 1 ? 2 : 1;
        this.stages = Math.min(MAX_STAGES, stages(patchBuffers));
        this.blockColumns = blockColumns(patch());
    }

    /** The tiling of a layer, or null if the fused form does not support the layer, the precision or the GPU. */
    static FusedTiling of(DynamicAlignmentShape shape, Precision precision, int capability) {
        boolean rank = shape.rank() == 16 || shape.rank() == 32 || shape.rank() == 64;
        boolean suits = precision == Precision.BF16
                && capability == CAPABILITY
                && rank
                && shape.norm() != Norm.WB
                && !shape.gramFormCancels();
        if (!suits) {
            return null;
        }
        FusedTiling tiling = new FusedTiling(shape);
        return tiling.stages >= MIN_STAGES ? tiling : null;
    }

    /** The tiling of a layer on a GPU that supports the fused form; for tests that compile the kernels. */
    public static FusedTiling of(DynamicAlignmentShape shape) {
        return of(shape, Precision.BF16, CAPABILITY);
    }

    private static int roundUp(int n, int multiple) {
        return Math.ceilDiv(n, multiple) * multiple;
    }

    /** Channels of the packed input, a multiple of 8. */
    int channels() {
        return chunks * CHUNK;
    }

    /** Entries of a patch of the packed input. */
    int patch() {
        return shape.kernel() * shape.kernel() * channels();
    }

    private int patchProducts() {
        return Math.ceilDiv(patch(), PRODUCT_DEPTH);
    }

    private int gramProducts() {
        return shape.rank() / PRODUCT_DEPTH + 1;
    }

    private int unitsOfGroup() {
        return GROUP_COLUMNS / shape.rank();
    }

    private int columns() {
        return GROUP_COLUMNS + BIAS_COLUMNS;
    }

    /** Groups of units of the layer. */
    int groups() {
        return Math.ceilDiv(shape.units(), unitsOfGroup());
    }

    private int factorStages() {
        return Math.ceilDiv(patchProducts() * PRODUCT_DEPTH, TILE);
    }

    private int groupStages() {
        return Math.ceilDiv((patchProducts() + gramProducts()) * PRODUCT_DEPTH, TILE);
    }

    private int stageBytes() {
        return roundUp(columns() * TILE_ROW_BYTES, TILE_ALIGNMENT);
    }

    private int patchBytes() {
        return factorStages() * POSITIONS * TILE_ROW_BYTES;
    }

    private int factorBytes() {
        return Math.ceilDiv(shape.rank(), TILE) * POSITIONS * TILE_ROW_BYTES;
    }

    /** Stages of weights that fit in shared memory beside the patches. */
    private int stages(int buffers) {
        int rest = SHARED_BYTES - buffers * (patchBytes() + 2 * BARRIER_BYTES) - factorBytes() - ONES_BYTES;
        return Math.max(0, rest) / (stageBytes() + 2 * BARRIER_BYTES);
    }

    /** Shared memory of a block of the forward pass and of the factor gradient. */
    int forwardSharedBytes() {
        return patchBuffers * (patchBytes() + 2 * BARRIER_BYTES)
                + factorBytes()
                + ONES_BYTES
                + stages * (stageBytes() + 2 * BARRIER_BYTES);
    }

    /** Bytes of the weights in the order of the forward pass. */
    long forwardStreamBytes() {
        return (long) TILE_ROW_BYTES * (factorStages() * shape.rank() + (long) groups() * groupStages() * columns());
    }

    /** Entries of the padded patch that a block of the back-projection and of the weight gradient has: a divisor of all entries. */
    private static int blockColumns(int entries) {
        int eighths = entries / CHUNK;
        int blocks = Math.ceilDiv(entries, MAX_BLOCK_COLUMNS);
        while (eighths % blocks != 0) {
            blocks++;
        }
        return entries / blocks;
    }

    /** Blocks of columns of the back-projection. */
    int backBlocks() {
        return patch() / blockColumns;
    }

    /** Tiles of depth of the units, (j, rho). */
    int unitTiles() {
        return Math.ceilDiv(shape.units() * shape.rank(), TILE);
    }

    /** Tiles with one column a unit. */
    int biasTiles() {
        return Math.ceilDiv(shape.units(), TILE);
    }

    /** Tiles of depth of a back-projection. */
    int depthTiles(boolean withFactorGradients) {
        return unitTiles() + (shape.bias() ? biasTiles() : 0) + (withFactorGradients ? 1 : 0);
    }

    /** Bytes of the weights in the order of the back-projection. */
    long backStreamBytes() {
        return (long) TILE_ROW_BYTES * patch() * (unitTiles() + biasTiles() + 1);
    }

    private int backStageBytes() {
        return roundUp(blockColumns * TILE_ROW_BYTES, TILE_ALIGNMENT);
    }

    private int backStages() {
        return Math.min(MAX_STAGES, SHARED_BYTES / (backStageBytes() + 2 * BARRIER_BYTES));
    }

    /** Shared memory of a block of the back-projection. */
    int backSharedBytes() {
        return backStages() * (backStageBytes() + 2 * BARRIER_BYTES);
    }

    /** Values of a row of packed factors: a, the constant 1, zeros. */
    int packedFactors() {
        return shape.rank() + PRODUCT_DEPTH;
    }

    /** Columns of the left operand of the weight gradient beside (j, rho): g' of all units, then da. */
    int leftColumns() {
        return unitColumns() + shape.rank();
    }

    /** Number of units, rounded up to whole tiles. */
    int unitColumns() {
        return biasTiles() * TILE;
    }

    /** Shape of the right operand of a sum over all positions: patches, or the packed factors for the second moments. */
    enum Right {
        PATCHES,
        FACTORS
    }

    /** Entries of the right operand. */
    int rightEntries(Right right) {
        return right == Right.PATCHES ? patch() : packedFactors();
    }

    private int leftColumns(Right right) {
        return right == Right.PATCHES ? leftColumns() : unitColumns();
    }

    /** Tiles of 64 rows that follow those of the units. */
    int leftTiles(Right right) {
        return Math.ceilDiv(leftColumns(right), TILE);
    }

    /** Rows of a sum over all positions: those of the units, then those of the other left values. */
    int sumRows(Right right) {
        return (unitTiles() + leftTiles(right)) * TILE;
    }

    /** Warpgroups of a block that multiply. The sums of two fill the registers, unless there are few columns. */
    int sumWarpgroups(Right right) {
        return right == Right.PATCHES ? 2 : 4;
    }

    /** Threads of a block of a sum: those that multiply, and eight for each position of a stage, which copy. */
    int sumThreads(Right right) {
        return sumWarpgroups(right) * 4 * KernelSource.WARP_SIZE + CHUNK * SUM_STAGE_POSITIONS;
    }

    /** Tiles of work of one split of a sum. */
    int sumTiles(Right right) {
        int entries = rightEntries(right);
        return entries / blockColumns(entries) * Math.ceilDiv(sumRows(right), TILE * sumWarpgroups(right));
    }

    private int sumStageBytes(Right right) {
        int tiles = Math.ceilDiv(blockColumns(rightEntries(right)), TILE) + sumWarpgroups(right);
        int scales = SUM_STAGE_POSITIONS * sumWarpgroups(right) * (TILE / shape.rank()) * Float.BYTES;
        return tiles * SUM_STAGE_POSITIONS * TILE_ROW_BYTES + roundUp(scales, TILE_ALIGNMENT);
    }

    private int sumStages(Right right) {
        return Math.min(MAX_STAGES, SHARED_BYTES / (sumStageBytes(right) + 2 * BARRIER_BYTES));
    }

    /** Shared memory of a block of a sum over all positions. */
    int sumSharedBytes(Right right) {
        return sumStages(right) * (sumStageBytes(right) + 2 * BARRIER_BYTES);
    }

    private KernelSource source(String file) {
        return AlignmentKernels.source(file).define("RANK", shape.rank());
    }

    private KernelSource geometry(KernelSource source) {
        return source.define("CHUNKS", chunks)
                .define("KERNEL", shape.kernel())
                .define("STRIDE", shape.stride())
                .define("PADDING", shape.padding());
    }

    private KernelSource groups(KernelSource source) {
        return source.define("UNITS", unitsOfGroup())
                .define("COLUMNS", columns())
                .define("K_PATCH", patchProducts())
                .define("K_GRAM", gramProducts());
    }

    private KernelSource pipeline(String file) {
        return groups(geometry(source(file).architectureSpecific()))
                .define("THREADS", THREADS)
                .define("RANK_8", shape.rank() / CHUNK)
                .define("COLUMNS_8", columns() / CHUNK)
                .define("STAGES", stages)
                .define("BUFFERS", patchBuffers)
                .define("SHARED_BYTES", forwardSharedBytes());
    }

    /** The sources of the passes that a forward pass of this purpose is followed by, and its own. */
    public List<KernelSource> sources(Purpose purpose) {
        List<KernelSource> sources = new ArrayList<>(List.of(weightsSource(), elementsSource(), forwardSource()));
        if (purpose != Purpose.INFERENCE) {
            sources.add(backProjectionSource());
        }
        if (purpose == Purpose.TRAINING) {
            sources.addAll(List.of(factorGradientSource(), weightGradientSource(), momentsSource()));
        }
        return sources;
    }

    KernelSource weightsSource() {
        return groups(geometry(source("fused_weights.cu")))
                .define("CHANNELS", shape.inChannels())
                .define("BLOCK_COLUMNS", blockColumns);
    }

    KernelSource elementsSource() {
        return geometry(source("fused_elements.cu"))
                .define("CHANNELS", shape.inChannels())
                .define("LEFT", leftColumns())
                .define("UNITS_64", unitColumns());
    }

    KernelSource forwardSource() {
        return pipeline("fused_forward.cu");
    }

    KernelSource factorGradientSource() {
        return pipeline("fused_factor_gradient.cu");
    }

    KernelSource backProjectionSource() {
        int parts = Math.ceilDiv(blockColumns, MAX_PRODUCT_COLUMNS);
        return source("fused_back_projection.cu")
                .architectureSpecific()
                .define("THREADS", THREADS)
                .define("COLUMNS", blockColumns)
                .define("PARTS", parts)
                .define("PART", blockColumns / parts)
                .define("PART_8", blockColumns / parts / CHUNK)
                .define("PATCH", patch())
                .define("STAGES", backStages())
                .define("SHARED_BYTES", backSharedBytes());
    }

    KernelSource sumSource(Right right) {
        int entries = rightEntries(right);
        int columns = blockColumns(entries);
        int first = columns <= MAX_PRODUCT_COLUMNS ? columns : FIRST_PRODUCT_COLUMNS;
        KernelSource source = source("fused_weight_gradient.cu").architectureSpecific();
        source = right == Right.PATCHES
                ? geometry(source)
                : source.define("CHUNKS", entries / CHUNK)
                        .define("KERNEL", 1)
                        .define("STRIDE", 1)
                        .define("PADDING", 0);
        return source.define("THREADS", sumThreads(right))
                .define("WARPGROUPS", sumWarpgroups(right))
                .define("PACKED", packedFactors())
                .define("LEFT", leftColumns(right))
                .define("PATCH", entries)
                .define("COLUMNS", columns)
                .define("FIRST", first)
                .define("FIRST_8", first / CHUNK)
                .define("SECOND", columns - first)
                .define("SECOND_8", (columns - first) / CHUNK)
                .define("STAGES", sumStages(right))
                .define("SHARED_BYTES", sumSharedBytes(right));
    }

    KernelSource weightGradientSource() {
        return sumSource(Right.PATCHES);
    }

    KernelSource momentsSource() {
        return sumSource(Right.FACTORS);
    }
}
