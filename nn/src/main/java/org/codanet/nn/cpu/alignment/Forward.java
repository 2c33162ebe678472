package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.alignment.WorkspaceArray.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Tensor;

/**
 * The forward pass, and the frozen linear map. A task multiplies its patches (im2col) with panels of weights. Each tile of products is
 * reduced to factors a or scores s while it is in the first-level cache.
 */
final class Forward {
    private static final String OWNER = "dynamic alignment, forward pass";

    private final Workspace workspace;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;
    private final SquaredNorms squaredNorms;
    private final Scale scale;

    Forward(Plan plan, PackedWeights packed, SquaredNorms squaredNorms, Scale scale) {
        this.workspace = plan.workspace();
        this.kernels = plan.context().kernels();
        this.shape = plan.shape();
        this.plan = plan;
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.packed = packed;
        this.squaredNorms = squaredNorms;
        this.scale = scale;
    }

    /** Floats that each worker leases. */
    long workerFloats(PatchGrid grid) {
        int operands = Math.max(patches.rowFloats(grid), grid.taskPositions() * columns.factorLanes());
        return patches.rowFloats(grid)
                + plan.factorFloats(grid)
                + 2L * plan.unitFloats(grid)
                + tileFloats(grid)
                + products.operandFloats(operands)
                + squaredNorms.workerFloats();
    }

    /** Writes y; fills {@code state} unless it is null. */
    void forward(Tensor x, Tensor y, ForwardState state) {
        PatchGrid grid = plan.grid(x.shape());
        boolean training = state != null && state.purpose() == Purpose.TRAINING;
        MemorySegment out = CpuTensor.segment(y);
        forEachTask(grid, x, null, training ? state : null, (task, padded, a, s, worker) -> {
            try (Lease lease = workspace.lease(worker, OfWorker.SQUARED_NORMS, plan.unitFloats(grid), OWNER)) {
                float[] q = lease.values();
                squaredNorms.compute(grid, padded, task, a, q, worker);
                if (state != null) {
                    state.save(task, a, q, s);
                }
                scale.apply(q, s, s, grid.taskPositions());
                columns.writeUnits(grid, task, s, out);
            }
        });
    }

    /** Writes {@code out_j = f_j w_j · m}, where m is the patch of v, with the weights and scales of {@code state}. */
    void applyMap(ForwardState state, Tensor v, Tensor out) {
        PatchGrid grid = state.grid();
        MemorySegment to = CpuTensor.segment(out);
        forEachTask(grid, v, state, null, (task, padded, a, s, worker) -> {
            try (Lease q = workspace.lease(worker, OfWorker.SQUARED_NORMS, plan.unitFloats(grid), OWNER)) {
                state.loadSquaredNorms(task, q.values());
                scale.apply(q.values(), s, s, grid.taskPositions());
                columns.writeUnits(grid, task, s, to);
            }
        });
    }

    /** Work on the factors a and the scores s of a task. Both arrays belong to the worker. */
    @FunctionalInterface
    interface TaskWork {
        /** @param padded all images, padded */
        void run(int task, float[] padded, float[] a, float[] s, int worker);
    }

    /**
     * Computes factors and scores of every task.
     *
     * @param frozen state to read the factors from; null to compute them from x
     * @param saved state in which the products u are saved; null to drop them
     */
    void forEachTask(PatchGrid grid, Tensor x, ForwardState frozen, ForwardState saved, TaskWork work) {
        packed.weights();
        try (Lease images = pad(grid, x, Shared.PADDED)) {
            float[] padded = images.values();
            plan.workers().run(grid.tasks(), (task, worker) -> {
                try (Lease a = workspace.lease(worker, OfWorker.FACTORS, plan.factorFloats(grid), OWNER);
                        Lease s = workspace.lease(worker, OfWorker.SCORES, plan.unitFloats(grid), OWNER)) {
                    if (frozen != null) {
                        frozen.loadFactors(task, a.values(), 0);
                    }
                    compute(grid, padded, task, a.values(), s.values(), frozen == null, saved, worker);
                    work.run(task, padded, a.values(), s.values(), worker);
                }
            });
        }
    }

    /** All images of x, padded. */
    Lease pad(PatchGrid grid, Tensor x, Shared array) {
        MemorySegment source = CpuTensor.segment(x);
        int image = patches.paddedImage(grid);
        int floats = Math.multiplyExact(grid.n(), image) + columns.lanes();
        Lease lease = workspace.leaseShared(array, floats, OWNER);
        float[] padded = lease.values();
        plan.workers().run(grid.n(), (n, worker) -> patches.pad(grid, source, n, padded, n * image));
        return lease;
    }

    private void compute(
            PatchGrid grid,
            float[] padded,
            int task,
            float[] a,
            float[] s,
            boolean withFactors,
            ForwardState saved,
            int worker) {
        int count = patches.rowFloats(grid);
        try (Lease rows = workspace.lease(worker, OfWorker.PATCHES, count, OWNER);
                Lease operands = workspace.lease(worker, OfWorker.OPERANDS, products.operandFloats(count), OWNER);
                Lease tiles = workspace.lease(worker, OfWorker.TILES, tileFloats(grid), OWNER)) {
            patches.im2col(grid, padded, task, rows.values(), 0);
            float[] left = products.operand(rows.values(), count, operands.values());
            if (withFactors) {
                computeFactors(grid, left, a, tiles.values());
            }
            if (saved == null) {
                computeScores(grid, left, a, s, tiles.values());
            } else {
                computeScoresAndSave(grid, left, a, s, tiles.values(), saved, task, worker);
            }
        }
    }

    private int tileFloats(PatchGrid grid) {
        return patches.tilesAtOnce(grid) * Kernels.ROWS * 2 * columns.lanes();
    }

    /** Multiplies some groups of rows with one panel of weights. */
    private void multiply(PatchGrid grid, float[] rows, int group, int panel, float[] m) {
        int width = 2;
        int row = width * columns.lanes();
        int length = patches.rowLength();
        boolean direct = patches.frequencies() == 1;
        products.product(
                new Operand(rows, group * Kernels.ROWS * length, (direct ? Kernels.ROWS : grid.taskRows()) * length),
                length,
                new Operand(packed.forward(), packed.forwardPanel(panel), direct ? 0 : packed.forwardSteps() * row),
                width,
                new Operand(m, 0, Kernels.ROWS * row),
                patches.depth(),
                patches.tilesAtOnce(grid),
                false);
    }

    /** a = Aᵀ p at every position of a task, with a last 1 if there is a bias. */
    private void computeFactors(PatchGrid grid, float[] rows, float[] a, float[] m) {
        int lanes = columns.lanes();
        int row = columns.factorLanes();
        int groups = patches.groupsAtOnce(grid);
        for (int panel = 0; panel < columns.aPanels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                int first = group * Kernels.ROWS * grid.rowPositions();
                for (int v = 0; v < 2; v++) {
                    int to = first * row + (columns.first(panel) + v) * lanes;
                    patches.outputTransform(m, groups, v, a, to, row);
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

    /** s_j = a · u_j at every position of a task. */
    private void computeScores(PatchGrid grid, float[] rows, float[] a, float[] s, float[] m) {
        int groups = patches.groupsAtOnce(grid);
        Arrays.fill(s, 0, plan.unitFloats(grid), 0);
        for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                int first = group * Kernels.ROWS * grid.rowPositions();
                for (int v = 0; v < 2; v++) {
                    int vector = columns.first(panel) + v;
                    int factor = first * columns.factorLanes() + columns.slot(vector);
                    int score = first * columns.unitLanes() + columns.lane(vector);
                    patches.addScores(m, groups, v, a, factor, columns.factorLanes(), s, score, columns.unitLanes());
                }
            }
        }
    }

    /** Like {@link #computeScores}, with the same bits, but also saves the products u. */
    private void computeScoresAndSave(
            PatchGrid grid, float[] rows, float[] a, float[] s, float[] m, ForwardState saved, int task, int worker) {
        int lanes = columns.lanes();
        int groups = patches.groupsAtOnce(grid);
        int positions = groups * Kernels.ROWS * grid.rowPositions();
        Arrays.fill(s, 0, plan.unitFloats(grid), 0);
        try (Lease lease = workspace.lease(worker, OfWorker.PRODUCTS, grid.taskPositions() * 2 * lanes, OWNER)) {
            float[] u = lease.values();
            for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
                for (int group = 0; group < grid.groups(); group += groups) {
                    multiply(grid, rows, group, panel, m);
                    int first = group * Kernels.ROWS * grid.rowPositions();
                    for (int v = 0; v < 2; v++) {
                        int vector = columns.first(panel) + v;
                        int product = (2 * first + v) * lanes;
                        int factor = first * columns.factorLanes() + columns.slot(vector);
                        int score = first * columns.unitLanes() + columns.lane(vector);
                        patches.outputTransform(m, groups, v, u, product, 2 * lanes);
                        kernels.scaleAdd(
                                u,
                                product,
                                2 * lanes,
                                a,
                                factor,
                                columns.factorLanes(),
                                s,
                                score,
                                columns.unitLanes(),
                                positions);
                    }
                }
                saved.saveProducts(task, panel, u);
            }
        }
    }
}
