package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.alignment.WorkspaceArray.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Back-projection in the patch-first form, one target at a time. {@code t_j = g'_j a} at every position is multiplied with the
 * transposed weights (B_j, b_j). col2im then adds the products at the input positions. With many targets {@link WeightStreaming} needs
 * fewer multiply-adds. The gradient uses the same products for dx.
 */
final class BackProjection {
    private static final String OWNER = "dynamic alignment, back-projection";

    /** Number of vectors whose left sides are written at once. Together with their weights they fit in the second-level cache. */
    private static final int CHUNK = 4;

    private final Workspace workspace;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;
    private final Scale scale;
    private final WeightStreaming weightStreaming;

    BackProjection(Plan plan, PackedWeights packed, Scale scale) {
        this.workspace = plan.workspace();
        this.shape = plan.shape();
        this.plan = plan;
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.packed = packed;
        this.scale = scale;
        this.weightStreaming = new WeightStreaming(plan, packed, scale);
    }

    /** Floats that each worker leases for any number of targets. */
    long workerFloats(PatchGrid grid) {
        return plan.unitFloats(grid) + (long) leftSideFloats(grid);
    }

    /** Floats that all workers share to back-project {@code targets} targets. */
    long sharedFloats(PatchGrid grid, int targets) {
        return streamsWeights(targets)
                ? weightStreaming.sharedFloats(grid, targets)
                : (long) grid.tasks() * patches.backProductFloats(grid);
    }

    /** Floats that each worker leases for {@code targets} targets, besides {@link #workerFloats}. */
    long targetFloats(PatchGrid grid, int targets) {
        return streamsWeights(targets) ? weightStreaming.workerFloats(grid, targets) : 0;
    }

    private int leftSideFloats(PatchGrid grid) {
        return patches.tilesAtOnce(grid) * Kernels.ROWS * CHUNK * columns.lanes();
    }

    /** Whether {@link WeightStreaming} back-projects {@code targets} targets. It does if that takes fewer multiply-adds. */
    boolean streamsWeights(int targets) {
        // The number of positions in a row does not depend on the image, so the smallest image is used.
        int rowPositions = plan.grid(Shape.of(1, shape.kernel(), shape.kernel(), shape.inChannels()))
                .rowPositions();
        long patchFirst = (long) targets * patches.frequencies() * patches.depth() / rowPositions * columns.slots();
        long streaming = (long) shape.patch() * (columns.slots() + targets);
        return targets > 1 && streaming < patchFirst;
    }

    int minUniformTargets(int targets) {
        int least = targets;
        while (least > 1 && streamsWeights(least - 1) == streamsWeights(targets)) {
            least--;
        }
        return least;
    }

    /** Writes dIn (N, K, H, W, C) from dOut (N, K, Ho, Wo, D). */
    void backProject(ForwardState state, Tensor dOut, Tensor dIn, int targets) {
        if (streamsWeights(targets)) {
            weightStreaming.backProject(state, dOut, dIn, targets);
            return;
        }
        PatchGrid grid = state.grid();
        MemorySegment from = CpuTensor.segment(dOut);
        try (Lease lease = leaseProducts(grid)) {
            float[] backProducts = lease.values();
            for (int t = 0; t < targets; t++) {
                int target = t;
                plan.workers().run(grid.tasks(), (task, worker) -> {
                    try (Lease a = workspace.lease(worker, OfWorker.FACTORS, plan.factorFloats(grid), OWNER);
                            Lease g =
                                    workspace.lease(worker, OfWorker.SCALED_GRADIENTS, plan.unitFloats(grid), OWNER)) {
                        state.loadFactors(task, a.values(), 0);
                        columns.readUnits(grid, task, from, target, targets, g.values());
                        multiplyByScale(state, task, g.values(), worker);
                        PositionGradients at = new PositionGradients(g.values(), a.values(), null);
                        multiply(grid, task, at, 0, columns.aVectors(), columns.vectors(), backProducts, worker);
                    }
                });
                col2im(grid, backProducts, CpuTensor.segment(dIn), target, targets);
            }
        }
    }

    /** g' = g f, in place. */
    private void multiplyByScale(ForwardState state, int task, float[] g, int worker) {
        PatchGrid grid = state.grid();
        try (Lease q = workspace.lease(worker, OfWorker.SQUARED_NORMS, plan.unitFloats(grid), OWNER)) {
            state.loadSquaredNorms(task, q.values());
            scale.apply(q.values(), g, g, grid.taskPositions());
        }
    }

    /** An array for the products of all tasks with the transposed weights. */
    Lease leaseProducts(PatchGrid grid) {
        int floats = Math.multiplyExact(grid.tasks(), patches.backProductFloats(grid));
        return workspace.leaseShared(Shared.BACK_PRODUCTS, floats, OWNER);
    }

    /**
     * Gradients at positions, one row for each.
     *
     * @param g g', (positions, unit lanes)
     * @param a (positions, factor lanes)
     * @param da (positions, factor lanes); null if only vectors of slots are used
     */
    record PositionGradients(float[] g, float[] a, float[] da) {}

    /**
     * Multiplies a task's gradients with the transposed weights: {@code g'_j a_ρ} with column ρ of (B_j, b_j), and da with the columns
     * of A.
     *
     * @param position index of the task's first position in the arrays of {@code at}
     * @param first first vector of the weights
     * @param end the vector after the last one
     * @param backProducts array from {@link #leaseProducts}; the task's part is overwritten
     */
    void multiply(
            PatchGrid grid,
            int task,
            PositionGradients at,
            int position,
            int first,
            int end,
            float[] backProducts,
            int worker) {
        try (Lease lease = workspace.lease(worker, OfWorker.LEFT_SIDES, leftSideFloats(grid), OWNER)) {
            for (int from = first; from < end; ) {
                int to = Math.min(columns.isA(from) ? columns.aVectors() : end, from + CHUNK);
                multiplyChunk(grid, task, at, position, from, to, lease.values(), backProducts, from > first);
                from = to;
            }
        }
    }

    /** Like {@link #multiply}, for at most {@link #CHUNK} vectors, all of A or all of slots. Overwrites the products or adds to them. */
    private void multiplyChunk(
            PatchGrid grid,
            int task,
            PositionGradients at,
            int position,
            int from,
            int to,
            float[] left,
            float[] backProducts,
            boolean add) {
        int lanes = columns.lanes();
        int row = (to - from) * lanes;
        boolean direct = patches.frequencies() == 1;
        int groups = patches.groupsAtOnce(grid);
        int base = task * patches.backProductFloats(grid);
        for (int group = 0; group < grid.groups(); group += groups) {
            int start = position + group * Kernels.ROWS * grid.rowPositions();
            for (int vector = from; vector < to; vector++) {
                Rows out = new Rows(left, (vector - from) * lanes, row);
                writeLeftSides(products, at, start, vector, out, Kernels.ROWS * row, groups * Kernels.ROWS);
            }
            for (int panel = 0; panel < patches.depthPanels(); panel++) {
                int width = patches.depthWidth(panel);
                int panelRow = width * lanes;
                int weights = packed.transposedPanel(panel) + products.steps(from * lanes) * panelRow;
                int tile = base + patches.backProductTile(grid, panel, 0, group);
                products.product(
                        new Operand(left, 0, Kernels.ROWS * row),
                        row,
                        new Operand(packed.transposed(), weights, direct ? 0 : packed.transposedSteps() * panelRow),
                        width,
                        new Operand(backProducts, tile, (direct ? 1 : grid.groups()) * Kernels.ROWS * panelRow),
                        row,
                        patches.tilesAtOnce(grid),
                        add);
            }
        }
    }

    /**
     * Writes left sides of products with one vector of the weights: {@code g'_j a_ρ} for a vector of slot ρ, and da for a vector of A.
     *
     * @param of the products that the left sides are for
     * @param position index of the first row's position in the arrays of {@code at}
     * @param out the rows of the first frequency, in values
     * @param ldf distance between two frequencies, in values
     */
    void writeLeftSides(Products of, PositionGradients at, int position, int vector, Rows out, int ldf, int rows) {
        int factor = position * columns.factorLanes();
        if (columns.isA(vector)) {
            Rows da = new Rows(at.da(), factor + columns.lane(vector), columns.factorLanes());
            patches.outputTransformAdjoint(of, da, null, out, ldf, rows);
        } else {
            int unit = position * columns.unitLanes() + columns.lane(vector);
            Rows g = new Rows(at.g(), unit, columns.unitLanes());
            Rows a = new Rows(at.a(), factor + columns.slot(vector), columns.factorLanes());
            patches.outputTransformAdjoint(of, g, a, out, ldf, rows);
        }
    }

    /** Adds the products of all tasks at the input positions. Overwrites one target of every image. */
    private void col2im(PatchGrid grid, float[] backProducts, MemorySegment dIn, int target, int targets) {
        int floats = patches.paddedImage(grid);
        plan.workers().run(grid.n(), (n, worker) -> {
            try (Lease lease = workspace.lease(worker, OfWorker.IMAGE, floats + columns.lanes(), OWNER)) {
                float[] padded = lease.values();
                Arrays.fill(padded, 0, floats, 0);
                patches.col2im(grid, backProducts, n, padded);
                patches.unpad(grid, padded, dIn, n * targets + target);
            }
        });
    }
}
