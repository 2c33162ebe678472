package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.alignment.WorkspaceArray.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.TargetExtents;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Tensor;

/**
 * Back-projection of many targets at once. A tile of dynamic weights w = (B, b)(a, 1) is computed once, stays in the first-level cache,
 * and is applied to the output gradients of all K targets. Each further target costs 1/r of computing the weights.
 */
final class WeightStreaming {
    private static final String OWNER = "dynamic alignment, back-projection of many targets";

    /** Largest number of floats of patch gradients held at once. A larger batch is processed in several groups of images. */
    private static final int MOST_PATCH_GRADIENTS = 1 << 23;

    private final Workspace workspace;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;
    private final Scale scale;

    WeightStreaming(Plan plan, PackedWeights packed, Scale scale) {
        this.workspace = plan.workspace();
        this.kernels = plan.context().kernels();
        this.shape = plan.shape();
        this.plan = plan;
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.packed = packed;
        this.scale = scale;
    }

    /** P padded to whole vectors. */
    private int patchLanes() {
        return (shape.patch() + columns.lanes() - 1) / columns.lanes() * columns.lanes();
    }

    /** Floats that all workers share for {@code targets} targets. */
    long sharedFloats(PatchGrid grid, int targets) {
        int images = imagesAtOnce(grid, targets);
        long taskCount = Math.min(grid.tasks(), Math.ceilDiv(images * grid.rowsPerImage(), grid.taskRows()) + 1);
        return taskCount * grid.taskPositions() * targets * patchLanes();
    }

    /** Floats that each worker leases for {@code targets} targets. */
    long workerFloats(PatchGrid grid, int targets) {
        return (long) targets * grid.taskPositions() * columns.unitLanes() + weightFloats();
    }

    /** Floats of a tile of dynamic weights, which has all units, 8 positions and two vectors of patch entries. */
    private int weightFloats() {
        return shape.units() * Kernels.ROWS * 2 * columns.lanes();
    }

    private int imagesAtOnce(PatchGrid grid, int targets) {
        long image = (long) targets * patchLanes() * grid.rowsPerImage() * grid.rowPositions();
        return Math.clamp(MOST_PATCH_GRADIENTS / image, 1, grid.n());
    }

    /**
     * Gradients of the patches of some tasks, (tasks, positions, targets, patch lanes).
     *
     * @param firstTask the first task of the array
     */
    private record PatchGradients(PatchGrid grid, float[] values, int firstTask, int targets, int patchLanes) {
        int offset(int task, int position) {
            return ((task - firstTask) * grid.taskPositions() + position) * targets * patchLanes;
        }
    }

    void backProject(ForwardState state, Tensor dOut, Tensor dIn, int targets) {
        PatchGrid grid = state.grid();
        int imagesAtOnce = imagesAtOnce(grid, targets);
        packed.streamingPanels();
        MemorySegment from = CpuTensor.segment(dOut);
        MemorySegment to = CpuTensor.segment(dIn);
        for (int image = 0; image < grid.n(); image += imagesAtOnce) {
            int end = Math.min(grid.n(), image + imagesAtOnce);
            int firstTask = image * grid.rowsPerImage() / grid.taskRows();
            int tasks = Math.ceilDiv(end * grid.rowsPerImage(), grid.taskRows()) - firstTask;
            int floats = Math.multiplyExact(tasks * grid.taskPositions(), targets * patchLanes());
            int first = image;
            try (Lease lease = workspace.leaseShared(Shared.PATCH_GRADIENTS, floats, OWNER)) {
                PatchGradients gradients = new PatchGradients(grid, lease.values(), firstTask, targets, patchLanes());
                plan.workers().run(tasks, (i, worker) -> applyWeights(state, from, firstTask + i, gradients, worker));
                plan.workers()
                        .run(
                                (end - first) * targets,
                                (i, worker) -> col2im(gradients, first + i / targets, i % targets, to, worker));
            }
        }
    }

    /** Writes the gradients of the patches of one task. */
    private void applyWeights(ForwardState state, MemorySegment dOut, int task, PatchGradients out, int worker) {
        PatchGrid grid = state.grid();
        int targets = out.targets();
        int factorCount = grid.taskPositions() * columns.factorLanes();
        int gradientCount = targets * plan.unitFloats(grid);
        try (Lease a = workspace.lease(worker, OfWorker.FACTORS, plan.factorFloats(grid), OWNER);
                Lease operands =
                        workspace.lease(worker, OfWorker.OPERANDS, products.operandFloats(factorCount), OWNER);
                Lease g = workspace.lease(worker, OfWorker.OUTPUT_GRADIENTS, gradientCount, OWNER);
                Lease w = workspace.lease(worker, OfWorker.SUMS, weightFloats(), OWNER)) {
            state.loadFactors(task, a.values(), 0);
            loadScaledGradients(state, task, dOut, targets, g.values(), worker);
            Arrays.fill(out.values(), out.offset(task, 0), out.offset(task + 1, 0), 0);
            float[] factors = products.operand(a.values(), factorCount, operands.values());
            for (int panel = 0; 2 * panel * columns.lanes() < patchLanes(); panel++) {
                applyPanel(grid, task, panel, factors, g.values(), w.values(), out);
            }
        }
    }

    /** Computes g' of all targets, (targets, positions, unit lanes). */
    private void loadScaledGradients(
            ForwardState state, int task, MemorySegment dOut, int targets, float[] g, int worker) {
        PatchGrid grid = state.grid();
        int floats = plan.unitFloats(grid);
        try (Lease q = workspace.lease(worker, OfWorker.SQUARED_NORMS, floats, OWNER);
                Lease one = workspace.lease(worker, OfWorker.SCALED_GRADIENTS, floats, OWNER)) {
            state.loadSquaredNorms(task, q.values());
            for (int t = 0; t < targets; t++) {
                columns.readUnits(grid, task, dOut, t, targets, one.values());
                scale.apply(q.values(), one.values(), one.values(), grid.taskPositions());
                System.arraycopy(one.values(), 0, g, t * floats, floats);
            }
        }
    }

    /** Computes the dynamic weights of two vectors of patch entries, and applies them to all targets. */
    private void applyPanel(
            PatchGrid grid, int task, int panel, float[] factors, float[] g, float[] w, PatchGradients out) {
        int lanes = columns.lanes();
        int units = columns.unitLanes();
        int targets = out.targets();
        int width = Math.min(2, patchLanes() / lanes - 2 * panel);
        int tile = Kernels.ROWS * width * lanes;
        int panelFloats = products.steps(columns.slots()) * width * lanes;
        TargetExtents extents =
                new TargetExtents(targets, shape.units(), width, plan.unitFloats(grid), tile, patchLanes());
        for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
            // One product for each unit. All have the same left side.
            products.product(
                    new Operand(factors, p * columns.factorLanes(), 0),
                    columns.factorLanes(),
                    new Operand(packed.streamingPanels(), packed.streamingPanel(panel), panelFloats),
                    width,
                    new Operand(w, 0, tile),
                    columns.slots(),
                    shape.units(),
                    false);
            for (int i = 0; i < Kernels.ROWS; i++) {
                int to = out.offset(task, p + i) + 2 * panel * lanes;
                kernels.applyWeights(g, (p + i) * units, w, i * width * lanes, out.values(), to, extents);
            }
        }
    }

    /** Adds the gradients of the patches at the input positions (col2im). Overwrites one target of one image. */
    private void col2im(PatchGradients gradients, int image, int target, MemorySegment dIn, int worker) {
        PatchGrid grid = gradients.grid();
        int floats = patches.paddedImage(grid);
        try (Lease lease = workspace.lease(worker, OfWorker.IMAGE, floats + columns.lanes(), OWNER)) {
            float[] padded = lease.values();
            Arrays.fill(padded, 0, floats, 0);
            for (int within = 0; within < grid.rowsPerImage(); within++) {
                int row = image * grid.rowsPerImage() + within;
                int task = row / grid.taskRows();
                for (int sub = 0; sub < grid.rowPositions(); sub++) {
                    int local = row % grid.taskRows() * grid.rowPositions() + sub;
                    int position = grid.position(task, local);
                    if (position >= 0) {
                        int from = gradients.offset(task, local) + target * gradients.patchLanes();
                        addPatch(grid, gradients.values(), from, position, padded);
                    }
                }
            }
            patches.unpad(grid, padded, dIn, image * gradients.targets() + target);
        }
    }

    /** Adds one patch (ky, kx, c) to the padded image of its position. */
    private void addPatch(PatchGrid grid, float[] patch, int from, int position, float[] padded) {
        int channels = shape.inChannels();
        int within = position % (grid.outH() * grid.outW());
        int y = within / grid.outW() * shape.stride();
        int x = within % grid.outW() * shape.stride();
        for (int ky = 0; ky < shape.kernel(); ky++) {
            for (int kx = 0; kx < shape.kernel(); kx++) {
                int entry = from + (ky * shape.kernel() + kx) * channels;
                int pixel = ((y + ky) * grid.paddedW() + x + kx) * patches.pixel();
                kernels.axpy(1, patch, entry, padded, pixel, channels);
            }
        }
    }
}
