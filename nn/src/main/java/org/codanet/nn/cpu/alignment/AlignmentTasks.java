package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Tensor;

/**
 * The work of a dynamic alignment layer on one task, up to 64 rows of patches. On the way there the rows are gathered, multiplied
 * with panels of weights, and each tile is reduced to factors and scores while it is in the first-level cache. On the way back
 * gradients at the task's positions are multiplied with the transposed weights, and the products of all tasks are summed up at the
 * pixels that the patches were cut from.
 *
 * <p>What a task computes lies in the scratch of the worker that runs it.
 */
final class AlignmentTasks {
    /** Vectors of slots that are spread at a time on the way back: their weights and values fit the second-level cache. */
    private static final int CHUNK = 4;

    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;
    private final SquaredNorms norms;

    AlignmentTasks(Plan plan, PackedWeights packed, SquaredNorms norms) {
        this.context = plan.context();
        this.kernels = context.kernels();
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.packed = packed;
        this.norms = norms;
    }

    /** Floats of a task's rows. */
    int rowFloats(PatchGrid grid) {
        return patches.frequencies() * grid.taskRows() * patches.rowLength();
    }

    /** Floats of a task's factors, with room for a vector read past the end. */
    int factorFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.factorLanes() + columns.lanes();
    }

    /** Floats of a task's scores, or of anything else with a value for every unit of every position. */
    int unitFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.unitLanes();
    }

    /** Floats of each worker, without those that a whole image takes. */
    long workerFloats(PatchGrid grid) {
        return rowFloats(grid)
                + factorFloats(grid)
                + 3L * unitFloats(grid)
                + tilesAtOnce(grid) * Kernels.ROWS * (CHUNK + 2L) * columns.lanes()
                + products.operandFloats(Math.max(rowFloats(grid), grid.taskPositions() * columns.factorLanes()));
    }

    /** Works on a task's factors a and scores s, which are the worker's own until the next task. */
    @FunctionalInterface
    interface Work {
        /** @param padded the images in the middle of zeros */
        void run(int task, float[] padded, float[] a, float[] s, int worker);
    }

    /**
     * Finds factors and scores of every task: the products of x's patches with the weights, reduced against the factors.
     *
     * @param frozen where the factors come from; null takes x's own
     * @param keep where the products are kept; null keeps none
     */
    void forEach(PatchGrid grid, Tensor x, ForwardState frozen, ForwardState keep, Work work) {
        packed.weights();
        int scores = unitFloats(grid);
        float[] padded = pad(grid, x, Shared.PADDED);
        context.workers().run(grid.tasks(), (task, worker) -> {
            float[] rows = gather(grid, padded, task, worker);
            float[] a = context.scratch(worker, Scratch.FACTORS, factorFloats(grid));
            if (frozen == null) {
                findFactors(grid, rows, a, worker);
            } else {
                frozen.load(task, columns, a, 0, context.scratch(worker, Scratch.NORMS, scores), null);
            }
            float[] s = context.scratch(worker, Scratch.SCORES, scores);
            findScores(grid, rows, a, s, keep, task, worker);
            work.run(task, padded, a, s, worker);
        });
    }

    /** All images in the middle of zeros. */
    float[] pad(PatchGrid grid, Tensor x, int slot) {
        MemorySegment source = CpuTensor.segment(x);
        int image = patches.paddedImage(grid);
        float[] padded = context.shared(slot, Math.multiplyExact(grid.n(), image) + columns.lanes());
        context.workers().run(grid.n(), (n, worker) -> patches.pad(grid, source, n, padded, n * image));
        return padded;
    }

    /** A task's rows as operands. */
    private float[] gather(PatchGrid grid, float[] padded, int task, int worker) {
        float[] rows = context.scratch(worker, Scratch.ROWS, rowFloats(grid));
        patches.gather(grid, padded, task, rows, 0);
        return products.operand(rows, rowFloats(grid), worker, Scratch.OPERANDS);
    }

    /** Tiles of some groups of rows with one panel of weights. */
    private void multiply(PatchGrid grid, float[] rows, int group, int panel, float[] m) {
        int row = 2 * columns.lanes();
        boolean direct = patches.frequencies() == 1;
        products.product(
                rows,
                group * Kernels.ROWS * patches.rowLength(),
                patches.rowLength(),
                (direct ? Kernels.ROWS : grid.taskRows()) * patches.rowLength(),
                packed.forward(),
                packed.forwardPanel(panel),
                direct ? 0 : packed.forwardSteps() * row,
                2,
                m,
                0,
                Kernels.ROWS * row,
                patches.depth(),
                tilesAtOnce(grid),
                false);
    }

    /** Tiles that one call computes: all frequencies of one group, or all groups of one frequency. */
    private int tilesAtOnce(PatchGrid grid) {
        return patches.frequencies() * patches.groupsAtOnce(grid);
    }

    private float[] tiles(PatchGrid grid, int worker) {
        return context.scratch(worker, Scratch.TILES, tilesAtOnce(grid) * Kernels.ROWS * 2 * columns.lanes());
    }

    /** a = (Aᵀ p, 1) at every position of a task. */
    private void findFactors(PatchGrid grid, float[] rows, float[] a, int worker) {
        int lanes = columns.lanes();
        int row = columns.factorLanes();
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        int groups = patches.groupsAtOnce(grid);
        float[] m = tiles(grid, worker);
        for (int panel = 0; panel < columns.aPanels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                for (int v = 0; v < 2; v++) {
                    int to = group * groupPositions * row + (columns.first(panel) + v) * lanes;
                    patches.collect(m, groups, v, null, 0, 0, null, 0, 0, a, to, row);
                }
            }
        }
        for (int p = 0; p < grid.taskPositions(); p++) {
            if (shape.bias()) {
                a[p * row + shape.rank()] = 1;
            }
            a[p * row + columns.slots()] = 0;
        }
    }

    /** s_j = a · u_j at every position of a task; keeps the products u if asked to. */
    private void findScores(
            PatchGrid grid, float[] rows, float[] a, float[] s, ForwardState keep, int task, int worker) {
        int lanes = columns.lanes();
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        int groups = patches.groupsAtOnce(grid);
        float[] m = tiles(grid, worker);
        float[] u = keep == null ? null : context.scratch(worker, Scratch.PRODUCTS, grid.taskPositions() * 2 * lanes);
        java.util.Arrays.fill(s, 0, unitFloats(grid), 0);
        for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                int first = group * groupPositions;
                for (int v = 0; v < 2; v++) {
                    int vector = columns.first(panel) + v;
                    patches.collect(
                            m,
                            groups,
                            v,
                            a,
                            first * columns.factorLanes() + columns.slot(vector),
                            columns.factorLanes(),
                            s,
                            first * columns.unitLanes() + columns.lane(vector),
                            columns.unitLanes(),
                            u,
                            first * 2 * lanes + v * lanes,
                            2 * lanes);
                }
            }
            if (keep != null) {
                keep.saveProducts(task, columns, panel, u);
            }
        }
    }

    /** Copies the positions of a task that exist, (positions, unit lanes), to (N, Ho, Wo, D). */
    void writePositions(PatchGrid grid, int task, float[] values, MemorySegment out) {
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                CpuTensor.write(values, p * columns.unitLanes(), out, position * shape.units(), shape.units());
            }
        }
    }

    /**
     * The reverse of {@link #writePositions}, from target {@code t} of (N, T, Ho, Wo, D); zero at positions that do not exist and
     * lanes that are no unit.
     */
    void readPositions(PatchGrid grid, int task, MemorySegment in, int t, int targets, float[] values) {
        int row = columns.unitLanes();
        java.util.Arrays.fill(values, 0, grid.taskPositions() * row, 0);
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                CpuTensor.read(in, target(grid, position, t, targets) * shape.units(), values, p * row, shape.units());
            }
        }
    }

    private static long target(PatchGrid grid, long position, int t, int targets) {
        long perImage = (long) grid.outH() * grid.outW();
        return (position / perImage * targets + t) * perImage + position % perImage;
    }

    /** Loads a task's factors into {@code a}; returns g · f at its positions. */
    float[] scaledGradient(ForwardState kept, int task, MemorySegment dOut, int t, int targets, float[] a, int worker) {
        PatchGrid grid = kept.grid();
        float[] g = context.scratch(worker, Scratch.SCORES, unitFloats(grid));
        float[] q = context.scratch(worker, Scratch.NORMS, unitFloats(grid));
        kept.load(task, columns, a, 0, q, null);
        readPositions(grid, task, dOut, t, targets, g);
        norms.rescale(q, g, g, grid.taskPositions());
        return g;
    }

    /** Room for the products of all tasks with the transposed weights, shared by the workers of a pass. */
    float[] backProducts(PatchGrid grid) {
        return context.shared(Shared.BACK_PRODUCTS, Math.multiplyExact(grid.tasks(), patches.productsOfTask(grid)));
    }

    /**
     * A task's products with the transposed weights of the vectors from {@code first} to below {@code end}: those of slots with
     * g_j a_ρ, those of A with {@code da}. The task's values begin at {@code position} of the arrays.
     *
     * @param da may be null if no vector is one of A
     * @param backProducts from {@link #backProducts}; what belongs to the task is overwritten
     */
    void pullBack(
            PatchGrid grid,
            int task,
            float[] g,
            float[] a,
            float[] da,
            int position,
            int first,
            int end,
            float[] backProducts,
            int worker) {
        for (int from = first; from < end; ) {
            int to = Math.min(columns.isA(from) ? columns.aVectors() : end, from + CHUNK);
            pullBackChunk(grid, task, g, a, da, position, from, to, backProducts, from > first, worker);
            from = to;
        }
    }

    /** The same for at most {@link #CHUNK} vectors, all of A or all of slots; overwrites the products or adds to them. */
    private void pullBackChunk(
            PatchGrid grid,
            int task,
            float[] g,
            float[] a,
            float[] da,
            int position,
            int from,
            int to,
            float[] backProducts,
            boolean add,
            int worker) {
        int lanes = columns.lanes();
        int row = (to - from) * lanes;
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        boolean direct = patches.frequencies() == 1;
        int groups = patches.groupsAtOnce(grid);
        float[] t = context.scratch(worker, Scratch.SPREAD, tilesAtOnce(grid) * Kernels.ROWS * CHUNK * lanes);
        int base = task * patches.productsOfTask(grid);
        for (int group = 0; group < grid.groups(); group += groups) {
            for (int vector = from; vector < to; vector++) {
                spread(
                        products,
                        g,
                        a,
                        da,
                        position + group * groupPositions,
                        vector,
                        t,
                        (vector - from) * lanes,
                        Kernels.ROWS * row,
                        row,
                        groups * Kernels.ROWS);
            }
            for (int panel = 0; panel < patches.depthPanels(); panel++) {
                int width = patches.depthWidth(panel);
                int panelRow = width * lanes;
                products.product(
                        t,
                        0,
                        row,
                        Kernels.ROWS * row,
                        packed.transposed(),
                        packed.transposedPanel(panel) + products.steps(from * lanes) * panelRow,
                        direct ? 0 : packed.transposedSteps() * panelRow,
                        width,
                        backProducts,
                        base + patches.product(grid, panel, 0, group),
                        (direct ? 1 : grid.groups()) * Kernels.ROWS * panelRow,
                        row,
                        tilesAtOnce(grid),
                        add);
            }
        }
    }

    /**
     * Spreads one vector's values at the positions from {@code first} on over the frequencies of their rows: left sides of {@code of},
     * as {@link Patches#spread} lays them out.
     */
    void spread(
            Products of,
            float[] g,
            float[] a,
            float[] da,
            int first,
            int vector,
            float[] out,
            int oo,
            int ldf,
            int ldt,
            int rows) {
        if (columns.isA(vector)) {
            patches.spread(
                    of,
                    da,
                    first * columns.factorLanes() + columns.lane(vector),
                    columns.factorLanes(),
                    null,
                    0,
                    0,
                    out,
                    oo,
                    ldf,
                    ldt,
                    rows);
        } else {
            patches.spread(
                    of,
                    g,
                    first * columns.unitLanes() + columns.lane(vector),
                    columns.unitLanes(),
                    a,
                    first * columns.factorLanes() + columns.slot(vector),
                    columns.factorLanes(),
                    out,
                    oo,
                    ldf,
                    ldt,
                    rows);
        }
    }

    /** Sums the products of all tasks at the input's positions: overwrites target {@code t} of every image. */
    void scatter(PatchGrid grid, float[] backProducts, MemorySegment dIn, int t, int targets) {
        int image = patches.paddedImage(grid);
        context.workers().run(grid.n(), (n, worker) -> {
            float[] padded = context.scratch(worker, Scratch.IMAGE, image + columns.lanes());
            java.util.Arrays.fill(padded, 0, image, 0);
            patches.scatter(grid, backProducts, n, padded, 0);
            patches.unpad(grid, padded, 0, dIn, n * targets + t);
        });
    }

    /**
     * The same for patch gradients (positions, targets, {@code row}) of the tasks from {@code firstTask} on: overwrites one
     * target of one image.
     */
    void scatterPatches(
            PatchGrid grid,
            float[] gradients,
            int firstTask,
            int position,
            int row,
            MemorySegment dIn,
            int image,
            int t,
            int targets,
            int worker) {
        int floats = patches.paddedImage(grid);
        float[] padded = context.scratch(worker, Scratch.IMAGE, floats + columns.lanes());
        java.util.Arrays.fill(padded, 0, floats, 0);
        int perImage = grid.outH() * grid.outW();
        int channels = shape.inChannels();
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int global = image * grid.rowsPerImage() + within;
            int task = global / grid.taskRows();
            for (int sub = 0; sub < grid.rowPositions(); sub++) {
                int local = global % grid.taskRows() * grid.rowPositions() + sub;
                int at = grid.position(task, local);
                if (at < 0) {
                    continue;
                }
                int from = ((task - firstTask) * grid.taskPositions() + local) * position + t * row;
                int y = at % perImage / grid.outW() * shape.stride();
                int x = at % grid.outW() * shape.stride();
                for (int ky = 0; ky < shape.kernel(); ky++) {
                    for (int kx = 0; kx < shape.kernel(); kx++) {
                        kernels.axpy(
                                1,
                                gradients,
                                from + (ky * shape.kernel() + kx) * channels,
                                padded,
                                ((y + ky) * grid.paddedW() + x + kx) * patches.pixel(),
                                channels);
                    }
                }
            }
        }
        patches.unpad(grid, padded, 0, dIn, image * targets + t);
    }
}
