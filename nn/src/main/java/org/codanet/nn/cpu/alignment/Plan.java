package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.Workers;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * How one dynamic alignment layer is computed. It depends only on the layer's shape and the device. All parts of the layer share it.
 *
 * @param products for patches and weights, in the precision of the device
 * @param normProducts for factors and Gram matrices: {@code products}, or float32 if rounding the operands loses too much precision
 */
record Plan(
        CpuContext context,
        DynamicAlignmentShape shape,
        Patches patches,
        Columns columns,
        Products products,
        Products normProducts) {
    static Plan of(CpuContext context, DynamicAlignmentShape shape) {
        Products products = Products.of(context.kernels(), context.precision());
        return new Plan(
                context,
                shape,
                Patches.of(shape, context.kernels()),
                Columns.of(shape, context.kernels().lanes()),
                products,
                normsTolerateRounding(shape) ? products : Products.float32(context.kernels()));
    }

    /**
     * Whether squared norms may be computed from operands in bfloat16. L2 and WB do not allow it, because they divide by a norm. Neither
     * do layers with more slots than patch entries, because there the Gram form cancels at some positions for every norm.
     */
    private static boolean normsTolerateRounding(DynamicAlignmentShape shape) {
        return shape.norm() == Norm.SQ && shape.slots() <= shape.patch();
    }

    Workspace workspace() {
        return context.workspace();
    }

    Workers workers() {
        return context.workers();
    }

    /** The grid of the patches of an input (N, H, W, C), split into tasks for the workers of the device. */
    PatchGrid grid(Shape x) {
        return patches.grid(x, context.workers().count());
    }

    /** Floats of a task's factors, plus one vector, because the kernels read past the end. */
    int factorFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.factorLanes() + columns.lanes();
    }

    /** Floats of a task's scores, or of another array with one value for each position and unit. */
    int unitFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.unitLanes();
    }
}
