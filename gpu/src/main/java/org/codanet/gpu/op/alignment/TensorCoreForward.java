package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.CublasHandle.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The forward pass, the frozen map and back-projections with the dynamic weights in registers, {@code tensor_core_forward.cu}, for
 * cards whose matrix units take TF32 or bfloat16. The products u of the other form, a multiple of the image in size, need not exist
 * then. Holds the weights once more, in the order in which the matrix units read them. The gradient in this form: {@link
 * TensorCoreGradient}.
 */
public final class TensorCoreForward {
    private static final int THREADS = 128;
    private static final int UNITS = 32;
    private static final int BIAS_WORDS = 32;
    /** Values of a 32-bit word that one step of a matrix unit takes along the rank, for TF32. */
    private static final int DEPTH = 8;
    /** Steps for which factors and accumulators fit the registers, and two stages the shared memory. */
    private static final int MOST_STEPS = 16;

    /** Blocks below which the patch is shared out: two for each multiprocessor of the largest cards. */
    private static final int BLOCKS = 264;
    /** Patch entries that a block has at least. */
    private static final int LEAST_ENTRIES = 8;
    /** Ranges of a patch: to add up more takes longer than what they save. */
    private static final int MOST_RANGES = 48;
    /** Entries of the largest stage: the ranges have whole stages. */
    private static final int STAGE_ENTRIES = 4;

    /** What a block of the back-projection has, of the patch at most and in multiples of the least. */
    private static final int BACK_ROWS = 64;

    private static final int BACK_ENTRIES = 32;
    private static final int BACK_LEAST = 4;
    private static final int BACK_TARGETS = 10;

    private final CudaResources resources;
    private final DynamicAlignmentShape shape;
    private final boolean bfloat;
    private final String owner;
    private MemoryPool.Block block;

    private TensorCoreForward(CudaResources resources, DynamicAlignmentShape shape, boolean bfloat, String owner) {
        this.resources = resources;
        this.shape = shape;
        this.bfloat = bfloat;
        this.owner = owner;
    }

    /** Null if the card, the precision or the layer asks for the other form, or the rank is too large for this one. */
    static TensorCoreForward of(CudaResources resources, DynamicAlignmentShape shape, String owner) {
        boolean bfloat = resources.precision() == Precision.BF16;
        boolean suits = resources.precision() != Precision.FP32
                && !shape.gramFormCancels()
                && resources.context().capability() >= 80
                && steps(shape.rank(), bfloat) <= MOST_STEPS;
        return suits ? new TensorCoreForward(resources, shape, bfloat, owner) : null;
    }

    /** An even number of steps of a matrix unit cover the rank. */
    static int steps(int rank, boolean bfloat) {
        int depth = bfloat ? 2 * DEPTH : DEPTH;
        return (rank + 2 * depth - 1) / (2 * depth) * 2;
    }

    private static int up(int value, int multiple) {
        return Math.ceilDiv(value, multiple) * multiple;
    }

    private static int rows(int steps) {
        return steps > 8 ? 1 : 2;
    }

    public static KernelSource source(int rank, boolean bfloat) {
        int steps = steps(rank, bfloat);
        return KernelSource.of(
                "alignment/tensor_core_forward.cu",
                "BLOCK=" + CudaResources.BLOCK,
                "STEPS=" + steps,
                "MT=" + rows(steps),
                "BFLOAT=" + (bfloat ? 1 : 0),
                "CLASSES=" + BACK_TARGETS,
                "STAGES=" + (steps > 4 ? 2 : 3),
                // Tiles share a stage, so that a barrier stands between enough work.
                "ENTRIES=" + (steps > 8 ? 1 : steps > 2 ? 2 : 4));
    }

    private KernelSource source() {
        return source(shape.rank(), bfloat);
    }

    private int unitTiles() {
        return (shape.units() + UNITS - 1) / UNITS;
    }

    private long words() {
        long tile = steps(shape.rank(), bfloat) / 2 * 4L * 128 + BIAS_WORDS;
        return unitTiles() * (long) shape.patch() * tile;
    }

    /** Bytes held once prepared. */
    long bytes() {
        return Integer.BYTES * words();
    }

    /** Lays the packed weights out anew. */
    void prepare(Matrix packed) {
        if (block == null) {
            block = resources.memory().reserve(bytes(), owner);
        }
        resources
                .compiler()
                .kernel(source(), "pack_tiles")
                .address(block.address())
                .address(packed.address())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(PatchGrid.slots(shape))
                .int32(shape.units())
                .int64(words())
                .launch(CudaResources.blocks(words()), CudaResources.BLOCK);
    }

    /** Where the weights lie as fragments. */
    long address() {
        return block.address();
    }

    /** Whether operands are bfloat16 and not TF32. */
    boolean bfloat() {
        return bfloat;
    }

    /**
     * What the forward pass leaves of some rows.
     *
     * @param y outputs (rows, D), written
     * @param scores (rows, D), written; 0 if they are not kept
     * @param factors (rows, S), written; 0 if they are not kept
     * @param squares (rows, D), written unless 0; WB: (rows), read
     */
    record Kept(long y, long scores, long factors, long squares) {}

    /**
     * How the forward pass of some rows is shared out among blocks.
     *
     * @param tiles of 16 positions that a warp has
     * @param ranges of the patch; 1 where positions and units make blocks enough
     * @param span entries of each range but the last
     */
    private record Cut(int tiles, int ranges, int span) {
        long blocks(long rows) {
            return Math.ceilDiv(rows, 64L * tiles);
        }
    }

    private Cut cut(long rows) {
        int most = rows(steps(shape.rank(), bfloat));
        int tiles = Math.ceilDiv(rows, 64L * most) * unitTiles() < BLOCKS / 2 ? 1 : most;
        long blocks = Math.ceilDiv(rows, 64L * tiles) * unitTiles();
        long ranges = Math.clamp(BLOCKS / blocks, 1, MOST_RANGES);
        int span = Math.max(LEAST_ENTRIES, up(Math.ceilDiv(shape.patch(), (int) ranges), STAGE_ENTRIES));
        return new Cut(tiles, Math.ceilDiv(shape.patch(), span), span);
    }

    /** Floats of room that {@link #forward} of so many rows at most needs. */
    long partFloats(long most) {
        int ranges = cut(most).ranges();
        return ranges == 1 ? 0 : 2L * ranges * most * shape.units();
    }

    /**
     * Outputs of some rows.
     *
     * @param most rows of a call with the same {@code parts}; they are shared out as if there were so many
     * @param parts room for {@link #partFloats}
     * @param a factors of the patches that the weights are made from, R of every {@code stride} floats
     * @param patches (rows, P) that the weights are applied to
     */
    void forward(long most, long parts, long a, int stride, long patches, long rows, Kept to, long frobenius) {
        Cut cut = cut(most);
        boolean few = cut.tiles() < rows(steps(shape.rank(), bfloat));
        resources
                .compiler()
                .kernel(source(), few ? "tile_forward_few" : "tile_forward")
                .address(to.y())
                .address(to.scores())
                .address(to.factors())
                .address(to.squares())
                .address(cut.ranges() > 1 ? parts : 0)
                .address(a)
                .address(patches)
                .address(block.address())
                .address(frobenius)
                .int32(shape.norm().ordinal())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(stride)
                .int32(PatchGrid.slots(shape))
                .int32(shape.units())
                .int32(cut.span())
                .int64(rows)
                .launch(cut.blocks(rows), unitTiles(), cut.ranges(), THREADS);
        if (cut.ranges() > 1) {
            long count = rows * shape.units();
            resources
                    .compiler()
                    .kernel(source(), "tile_finish")
                    .address(to.y())
                    .address(to.scores())
                    .address(to.squares())
                    .address(parts)
                    .address(frobenius)
                    .int32(shape.norm().ordinal())
                    .int32(cut.ranges())
                    .int32(shape.units())
                    .int64(count)
                    .launch(CudaResources.blocks(count), CudaResources.BLOCK);
        }
    }

    /**
     * Whether back-projection of so many targets belongs here. From the second on the weights are made once for all. One target
     * costs either form P R D multiply-adds a position; patch first writes and reads S D floats a position besides, and a block
     * here reads the fragments of all weights for its positions. The form that moves fewer bytes is taken.
     */
    boolean suits(int targets) {
        long moved = 2L * Float.BYTES * PatchGrid.slots(shape) * shape.units();
        return targets > 1 || bytes() / BACK_ROWS <= moved;
    }

    /** Floats for each position and target in {@link #backProject}. */
    long backFloats() {
        return shape.units() + (long) shape.patch();
    }

    /**
     * Gradients of the patches of some images for all targets; the weights are made once for ten of them.
     *
     * @param kept factors and norms of all images
     * @param first the first image
     * @param dOut (N, T, positions, D) of all images
     * @param scaled room for (images, T, positions, D)
     * @param dPatches (images, T, positions, P), overwritten
     */
    void backProject(
            ForwardState kept,
            int first,
            int images,
            int targets,
            long dOut,
            long scaled,
            long dPatches,
            long frobenius) {
        PatchGrid extents = kept.extents();
        long rows = (long) images * extents.positions();
        long count = rows * targets * shape.units();
        long blocks = Math.ceilDiv(rows, BACK_ROWS);
        int groups = Math.ceilDiv(targets, BACK_TARGETS);
        long fair = Math.ceilDiv(shape.patch() * blocks * groups, BLOCKS);
        int span = (int) Math.min(BACK_ENTRIES, Math.ceilDiv(fair, BACK_LEAST) * BACK_LEAST);
        resources
                .compiler()
                .kernel(source(), "scale_targets")
                .address(scaled)
                .address(dOut)
                .address(kept.squares(0))
                .address(frobenius)
                .int32(shape.norm().ordinal())
                .int32(shape.units())
                .int32(extents.positions())
                .int32(targets)
                .int32(first)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
        resources
                .compiler()
                .kernel(source(), "tile_back")
                .address(dPatches)
                .address(scaled)
                .address(kept.factors((long) first * extents.positions()))
                .address(block.address())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(extents.slots())
                .int32(shape.units())
                .int32(extents.positions())
                .int32(targets)
                .int32(span)
                .int64(rows)
                .launch(blocks, Math.ceilDiv(shape.patch(), span), groups, THREADS);
    }

    void release() {
        if (block != null) {
            block.release();
            block = null;
        }
    }
}
