package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.TargetExtents;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Tensor;

/**
 * Back-projection of many targets at once: a tile of dynamic weights w = (B, b)(a, 1) is computed once, stays in the cache
 * and is applied to the output gradients of all K targets, so that each further target costs 1/r of the first.
 */
final class WeightStreaming {
    /** Floats of patch gradients that are held at a time. */
    private static final int HELD = 1 << 23;

    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;
    private final AlignmentTasks tasks;

    WeightStreaming(Plan plan, PackedWeights packed, AlignmentTasks tasks) {
        this.context = plan.context();
        this.kernels = context.kernels();
        this.shape = plan.shape();
        this.columns = plan.columns();
        this.products = plan.products();
        this.packed = packed;
        this.tasks = tasks;
    }

    private int patchLanes() {
        return (shape.patch() + columns.lanes() - 1) / columns.lanes() * columns.lanes();
    }

    /** Floats that the workers share for so many targets. */
    long sharedFloats(PatchGrid grid, int targets) {
        int images = imagesAtOnce(grid, targets);
        long taskCount = Math.min(grid.tasks(), Math.ceilDiv(images * grid.rowsPerImage(), grid.taskRows()) + 1);
        return taskCount * grid.taskPositions() * targets * patchLanes();
    }

    /** Floats of each worker for so many targets. */
    long workerFloats(PatchGrid grid, int targets) {
        return (long) targets * grid.taskPositions() * columns.unitLanes()
                + shape.units() * Kernels.ROWS * 2L * columns.lanes();
    }

    private int imagesAtOnce(PatchGrid grid, int targets) {
        long image = (long) targets * patchLanes() * grid.rowsPerImage() * grid.rowPositions();
        return Math.clamp(HELD / image, 1, grid.n());
    }

    void backProject(ForwardState kept, Tensor dOut, Tensor dIn, int targets) {
        PatchGrid grid = kept.grid();
        int position = targets * patchLanes();
        int imagesAtOnce = imagesAtOnce(grid, targets);
        packed.classes();
        for (int image = 0; image < grid.n(); image += imagesAtOnce) {
            int end = Math.min(grid.n(), image + imagesAtOnce);
            int firstTask = image * grid.rowsPerImage() / grid.taskRows();
            int endTask = (end * grid.rowsPerImage() + grid.taskRows() - 1) / grid.taskRows();
            float[] gradients = context.shared(
                    Shared.PATCH_GRADIENTS, Math.multiplyExact((endTask - firstTask) * grid.taskPositions(), position));
            MemorySegment from = CpuTensor.segment(dOut);
            context.workers()
                    .run(
                            endTask - firstTask,
                            (i, worker) -> apply(
                                    kept,
                                    from,
                                    targets,
                                    firstTask + i,
                                    gradients,
                                    i * grid.taskPositions() * position,
                                    worker));
            MemorySegment to = CpuTensor.segment(dIn);
            int first = image;
            context.workers()
                    .run(
                            (end - image) * targets,
                            (i, worker) -> tasks.scatterPatches(
                                    grid,
                                    gradients,
                                    firstTask,
                                    position,
                                    patchLanes(),
                                    to,
                                    first + i / targets,
                                    i % targets,
                                    targets,
                                    worker));
        }
    }

    /** Gradients with respect to the patches of one task: (positions, targets, patch lanes). */
    private void apply(
            ForwardState kept, MemorySegment dOut, int targets, int task, float[] out, int offset, int worker) {
        PatchGrid grid = kept.grid();
        int positions = grid.taskPositions();
        int lanes = columns.lanes();
        int units = columns.unitLanes();
        float[] a = context.scratch(worker, Scratch.FACTORS, tasks.factorFloats(grid));
        float[] g = context.scratch(worker, Scratch.CLASS_GRADIENTS, targets * positions * units);
        for (int t = 0; t < targets; t++) {
            float[] one = tasks.scaledGradient(kept, task, dOut, t, targets, a, worker);
            System.arraycopy(one, 0, g, t * positions * units, positions * units);
        }
        java.util.Arrays.fill(out, offset, offset + positions * targets * patchLanes(), 0);
        float[] factors = products.operand(a, positions * columns.factorLanes(), worker, Scratch.OPERANDS);
        float[] w = context.scratch(worker, Scratch.CLASS_WEIGHTS, shape.units() * Kernels.ROWS * 2 * lanes);
        float[] classes = packed.classes();
        int vectors = patchLanes() / lanes;
        for (int panel = 0; 2 * panel < vectors; panel++) {
            int width = Math.min(2, vectors - 2 * panel);
            int tile = Kernels.ROWS * width * lanes;
            TargetExtents extents =
                    new TargetExtents(targets, shape.units(), width, positions * units, tile, patchLanes());
            for (int p = 0; p < positions; p += Kernels.ROWS) {
                // One product a unit, all of the same rows.
                products.product(
                        factors,
                        p * columns.factorLanes(),
                        columns.factorLanes(),
                        0,
                        classes,
                        packed.classPanel(panel),
                        products.steps(columns.slots()) * width * lanes,
                        width,
                        w,
                        0,
                        tile,
                        columns.slots(),
                        shape.units(),
                        false);
                for (int i = 0; i < Kernels.ROWS; i++) {
                    kernels.applyWeights(
                            g,
                            (p + i) * units,
                            w,
                            i * width * lanes,
                            out,
                            offset + (p + i) * targets * patchLanes() + 2 * panel * lanes,
                            extents);
                }
            }
        }
    }
}
