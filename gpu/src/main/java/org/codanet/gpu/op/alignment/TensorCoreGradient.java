package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.CublasHandle.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The full gradient of a dynamic alignment layer with the dynamic weights in registers, {@code tensor_core_gradient.cu}:
 * neither the products u of {@link Gradient} nor anything of their size exists. With g' = g f and e = g s 2 ∂f/∂q:
 *
 * <pre>
 *   dw_ij    = g'_j p_i + e_j w_ij
 *   da       = Σ_ij dw_ij B_ij,  dp_i = Σ_j g'_j w_ij     one kernel, by positions
 *   dB_ij    = Σ dw_ij a,        db_ij = Σ dw_ij          another, by weights; the sums over all positions
 *   dx       = collected patches of  dp + da · Aᵀ,  dA = patchesᵀ · da
 * </pre>
 *
 * <p>Each kernel is cut into ranges where its blocks would be too few for a GPU; what the ranges give is added in their order. For
 * the gradient of a map that was applied to another input v, p is v's patch and s its score, and dp does not count. Holds
 * the weights once more, in the order in which the second product reads them.
 */
public final class TensorCoreGradient {
    private static final int NOTHING = 0;
    private static final int THREADS = 128;
    private static final int WARPS = THREADS / 32;
    /** Units that a block has of its weights. */
    private static final int SLICE = 16;
    /** The positions are made a multiple of this with zeros: what either kernel takes at a time. */
    private static final int ROWS = 128;
    /** Steps for which factors and their gradients, or weights and theirs, fit the registers of every card. */
    private static final int MOST_STEPS = 12;
    /** Steps, of bfloat16 with half as many registers more each, up to which a warp holds two tiles of each. */
    private static final int STEPS_OF_TWO = 8;
    /** Blocks below which a kernel is cut into ranges: two for each multiprocessor of the largest cards, about twice over. */
    private static final int BLOCKS = 512;
    /** Every part of the workspace begins at a multiple of these floats: copies take 16 bytes at a time. */
    private static final int ALIGNMENT = 64;

    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;
    private final TensorCoreForward tiles;
    private final DynamicAlignmentShape shape;
    private final KernelSource source;
    private final int steps;
    private final int held;
    private final String owner;
    private MemoryPool.Block across;
    private boolean stale = true;

    private TensorCoreGradient(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            TensorCoreForward tiles,
            DynamicAlignmentShape shape,
            String owner) {
        this.resources = resources;
        this.kernels = kernels;
        this.weights = weights;
        this.tiles = tiles;
        this.shape = shape;
        this.owner = owner;
        this.steps = TensorCoreForward.steps(shape.rank(), tiles.bfloat());
        this.held = held(steps, tiles.bfloat());
        this.source = source(shape.rank(), tiles.bfloat());
    }

    /**
     * Null if the rank is too large for this form, or there are no tiles.
     *
     * @param tiles null where card or precision ask for the other form
     */
    static TensorCoreGradient of(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            TensorCoreForward tiles,
            DynamicAlignmentShape shape,
            String owner) {
        boolean suits = tiles != null && TensorCoreForward.steps(shape.rank(), tiles.bfloat()) <= MOST_STEPS;
        return suits ? new TensorCoreGradient(resources, kernels, weights, tiles, shape, owner) : null;
    }

    /** The largest rank that this form takes. */
    public static int mostRank(boolean bfloat) {
        return MOST_STEPS * (bfloat ? 16 : 8);
    }

    private static int held(int steps, boolean bfloat) {
        return steps * (bfloat ? 3 : 2) <= 2 * STEPS_OF_TWO ? 2 : 1;
    }

    public static KernelSource source(int rank, boolean bfloat) {
        int steps = TensorCoreForward.steps(rank, bfloat);
        return KernelSource.of(
                "alignment/tensor_core_gradient.cu",
                "BLOCK=" + CudaResources.BLOCK,
                "STEPS=" + steps,
                "BFLOAT=" + (bfloat ? 1 : 0),
                "HELD=" + held(steps, bfloat),
                "STAGES=" + (steps > 4 ? 2 : 3),
                // Tiles share a stage, so that a barrier stands between enough work.
                "ENTRIES=" + (steps > 8 ? 1 : steps > 2 ? 2 : 4),
                "ROWS=" + rowsOfStage(steps, bfloat));
    }

    /** Positions of a stage: two stages fit the shared memory. */
    private static int rowsOfStage(int steps, boolean bfloat) {
        return bfloat && steps > 8 ? 16 : 32;
    }

    private static int up(long n, int to) {
        return Math.toIntExact((n + to - 1) / to * to);
    }

    private static int parts(long n, int of) {
        return Math.toIntExact((n + of - 1) / of);
    }

    /** D'. */
    private int padded() {
        return up(shape.units(), SLICE);
    }

    private long acrossWords() {
        return (long) padded() / SLICE * shape.patch() * steps * THREADS;
    }

    /** Bytes held once prepared. */
    long preparedBytes() {
        return Integer.BYTES * acrossWords();
    }

    /** The weights have changed. */
    void changed() {
        stale = true;
    }

    /** Lays the packed weights out anew if they have changed. */
    void prepare() {
        if (!stale) {
            return;
        }
        if (across == null) {
            across = resources.memory().reserve(preparedBytes(), owner);
        }
        elements(
                acrossWords(),
                kernel("pack_across")
                        .address(across.address())
                        .address(weights.packed().address())
                        .int32(shape.patch())
                        .int32(shape.rank())
                        .int32(PatchGrid.slots(shape))
                        .int32(shape.units()));
        stale = false;
    }

    private Kernel kernel(String function) {
        return resources.compiler().kernel(source, function);
    }

    private static void elements(long count, Kernel kernel) {
        kernel.int64(count).launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    /** How the work on some rows is cut, which their number alone decides: the same rows give the same bits. */
    private record Cut(int rows, int blocks, int span, int ranges, int rowSpan, int rowRanges) {
        /** Rows of da by ranges; a single range writes da itself. */
        long partRows() {
            return ranges > 1 ? (long) ranges * rows : 0;
        }
    }

    private Cut cut(int rows) {
        int blocks = parts(rows, 64 * held);
        int wanted = Math.min(parts(BLOCKS, blocks), parts(shape.patch(), 8));
        // Four lanes write four entries side by side.
        int span = up(parts(shape.patch(), wanted), 4);
        int owners = parts(shape.patch(), WARPS * held) * (padded() / SLICE);
        int rowSpan = up(parts(rows, Math.min(parts(BLOCKS, owners), parts(rows, ROWS))), ROWS);
        return new Cut(rows, blocks, span, parts(shape.patch(), span), rowSpan, parts(rows, rowSpan));
    }

    /** Workspace of one call, from an address on: the sums over all images, then what some images at a time need. */
    private final class Room {
        private final PatchGrid e;
        private final int images;
        private final long begin;
        private long end;

        private final long sums;
        private final long patches;
        private final long others;
        private final long most;
        private final long scores;
        private final long scoreParts;
        private final long scaled;
        private final long curvature;
        private final long shares;
        private final long factors;
        private final long words;
        private final long pairs;
        private final long dFactors;
        private final long factorParts;
        private final long weightParts;
        private final long dPatches;

        Room(PatchGrid e, boolean mapped, long begin) {
            this.e = e;
            this.begin = begin;
            this.end = begin;
            this.images = e.imagesWithin(resources.chunkBytes(), rowFloats(), e.n());
            int rows = Math.toIntExact((long) images * e.positions());
            long all = up(rows, ROWS);
            // The last images may be fewer, and cut into more ranges.
            Cut cut = cut(rows);
            Cut last = cut(Math.toIntExact((long) ((e.n() - 1) % images + 1) * e.positions()));
            long partRows = Math.max(cut.partRows(), last.partRows());
            sums = take(WeightGradients.floats(e));
            patches = e.pointwise() ? NOTHING : take((long) rows * e.patch());
            others = !mapped || e.pointwise() ? NOTHING : take((long) rows * e.patch());
            // What the pass over v leaves beside its scores, the outputs, is of no use here.
            scores = mapped ? take(2L * rows * e.units()) : NOTHING;
            most = rows;
            scoreParts = mapped ? take(tiles.partFloats(most)) : NOTHING;
            scaled = take(all * padded());
            curvature = take(all * padded());
            shares = e.bounded() ? take((long) rows * e.units()) : NOTHING;
            factors = e.bounded() ? take(rows) : NOTHING;
            words = take(all * rankWords());
            pairs = tiles.bfloat() ? take(all * rankWords()) : NOTHING;
            dFactors = take((long) rows * e.rank());
            factorParts = partRows > 0 ? take(partRows * e.rank()) : NOTHING;
            weightParts = take((long) Math.max(cut.rowRanges, last.rowRanges) * e.patch() * e.slots() * e.units());
            dPatches = take((long) rows * e.patch());
        }

        /** What each position takes, but for what ranges take together. */
        private long rowFloats() {
            return 3L * e.patch() + 5L * padded() + 2L * rankWords() + e.rank() + 1L;
        }

        private long take(long floats) {
            long at = end;
            end += Float.BYTES * ((floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
            return at;
        }

        long bytes() {
            return end - begin;
        }
    }

    /** Words of a position's factors. */
    private int rankWords() {
        return steps * 8;
    }

    /** Bytes of workspace for images of these extents, a map's gradient included, which needs the most. */
    long bytes(PatchGrid extents) {
        return new Room(extents, true, 0).bytes();
    }

    /** As {@link Gradient#run}. */
    void run(ForwardState kept, long v, long x, long dOut, long dIn, Weights gradients) {
        prepare();
        PatchGrid e = kept.extents();
        boolean mapped = v != x;
        Room room = new Room(e, mapped, resources.workspace().atLeast(bytes(e)));
        WeightGradients sums = new WeightGradients(resources, kernels, weights, e, room.sums);
        sums.clear();
        long image = (long) Float.BYTES * e.h() * e.w() * e.shape().inChannels();
        for (int first = 0; first < e.n(); first += room.images) {
            int count = Math.min(room.images, e.n() - first);
            Cut cut = cut(Math.toIntExact((long) count * e.positions()));
            long row = (long) first * e.positions();
            long patches = patches(e, x + first * image, count, room.patches);
            long others = mapped ? patches(e, v + first * image, count, room.others) : patches;
            coefficients(room, kept, row, cut, mapped ? scores(room, kept, row, cut, others) : kept.scores(row), dOut);
            if (e.bounded()) {
                sums.takeBounds(room.shares, kept.squares(row), cut.rows, room.factors);
            }
            byRows(room, kept, row, cut, others, mapped || dIn == NOTHING ? NOTHING : room.dPatches);
            if (gradients != null) {
                byWeights(room, kept, row, cut, others, sums.dW(), first > 0);
                resources
                        .cublas()
                        .multiply(
                                e.patch(),
                                e.rank(),
                                cut.rows,
                                Matrix.of(patches, e.patch()).transpose(),
                                Matrix.of(room.dFactors, e.rank()),
                                sums.dW(),
                                e.row(),
                                first > 0);
            }
            if (dIn != NOTHING) {
                pullBack(room, cut, patches, mapped);
                kernels.collect(e, room.dPatches, count, dIn + first * image, mapped);
            }
        }
        if (gradients != null) {
            sums.addTo(gradients, false);
        }
    }

    private long patches(PatchGrid e, long x, int images, long room) {
        if (e.pointwise()) {
            return x;
        }
        kernels.gather(e, x, images, room);
        return room;
    }

    /** Scores of v's patches with the weights that x made. */
    private long scores(Room room, ForwardState kept, long row, Cut cut, long others) {
        PatchGrid e = kept.extents();
        long outputs = room.scores + (long) Float.BYTES * cut.rows * e.units();
        long squares = e.bounded() ? kept.squares(row) : NOTHING;
        TensorCoreForward.Kept to = new TensorCoreForward.Kept(outputs, room.scores, NOTHING, squares);
        tiles.forward(
                room.most, room.scoreParts, kept.factors(row), e.slots(), others, cut.rows, to, weights.frobenius());
        return room.scores;
    }

    /** g' and e, and the factors as operands. */
    private void coefficients(Room room, ForwardState kept, long row, Cut cut, long scores, long dOut) {
        PatchGrid e = kept.extents();
        long all = up(cut.rows, ROWS);
        elements(
                all * padded(),
                kernel("gradient_coefficients")
                        .address(room.scaled)
                        .address(room.curvature)
                        .address(room.shares)
                        .address(dOut + Float.BYTES * row * e.units())
                        .address(scores)
                        .address(kept.squares(row))
                        .address(weights.frobenius())
                        .int32(shape.norm().ordinal())
                        .int32(e.units())
                        .int32(padded())
                        .int64(cut.rows));
        elements(
                all * rankWords(),
                kernel("gradient_factors")
                        .address(room.words)
                        .address(room.pairs)
                        .address(kept.factors(row))
                        .int32(e.rank())
                        .int32(e.slots())
                        .int64(cut.rows));
    }

    /** da, and dp unless it is not needed. */
    private void byRows(Room room, ForwardState kept, long row, Cut cut, long patches, long dPatches) {
        PatchGrid e = kept.extents();
        kernel("tile_backward_rows")
                .address(cut.ranges > 1 ? room.factorParts : room.dFactors)
                .address(dPatches)
                .address(patches)
                .address(kept.factors(row))
                .address(room.scaled)
                .address(room.curvature)
                .address(tiles.address())
                .address(across.address())
                .int32(e.patch())
                .int32(e.rank())
                .int32(e.slots())
                .int32(padded())
                .int32(cut.span)
                .int32(cut.rows)
                .launch(cut.blocks, cut.ranges, THREADS);
        if (cut.ranges > 1) {
            elements(
                    (long) cut.rows * e.rank(),
                    kernel("sum_factor_gradients")
                            .address(room.dFactors)
                            .address(room.factorParts)
                            .int32(cut.ranges));
        }
    }

    /** dB and db, into the columns of the slots. */
    private void byWeights(Room room, ForwardState kept, long row, Cut cut, long patches, long dW, boolean adds) {
        PatchGrid e = kept.extents();
        int spread = e.slots() * e.units();
        kernel("tile_backward_weights")
                .address(room.weightParts)
                .address(patches)
                .address(room.words)
                .address(room.pairs)
                .address(room.scaled)
                .address(room.curvature)
                .address(tiles.address())
                .int32(e.bounded() ? 0 : 1)
                .int32(e.patch())
                .int32(e.rank())
                .int32(e.slots())
                .int32(e.units())
                .int32(padded())
                .int32(cut.rowSpan)
                .int32(cut.rows)
                .launch(parts(e.patch(), WARPS * held), padded() / SLICE, cut.rowRanges, THREADS);
        elements(
                (long) e.patch() * spread,
                kernel("sum_weight_gradients")
                        .address(dW)
                        .address(room.weightParts)
                        .int32(cut.rowRanges)
                        .int32(e.rank())
                        .int32(spread)
                        .int32(adds ? 1 : 0));
    }

    /** Gradients of the patches: what is there of dp, and what comes through the factors. */
    private void pullBack(Room room, Cut cut, long patches, boolean mapped) {
        PatchGrid e = room.e;
        resources
                .cublas()
                .multiply(
                        cut.rows,
                        e.patch(),
                        e.rank(),
                        Matrix.of(room.dFactors, e.rank()),
                        weights.packed().transpose(),
                        room.dPatches,
                        e.patch(),
                        !mapped);
        if (e.bounded()) {
            kernels.elements(
                    "add_scaled_rows",
                    (long) cut.rows * e.patch(),
                    kernel -> kernel.address(room.dPatches)
                            .address(patches)
                            .address(room.factors)
                            .int32(e.patch()));
        }
    }

    void release() {
        if (across != null) {
            across.release();
            across = null;
        }
    }
}
