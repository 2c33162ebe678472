package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * How one dynamic alignment layer is computed: what its parts share, decided once from its shape and its device.
 *
 * @param products of patches with weights, in the device's precision
 * @param norms the products that squared norms are made of: the same ones where rounding does little, else float32
 */
record Plan(
        CpuContext context,
        DynamicAlignmentShape shape,
        Patches patches,
        Columns columns,
        Products products,
        Products norms) {
    static Plan of(CpuContext context, DynamicAlignmentShape shape) {
        Products products = Products.of(context);
        return new Plan(
                context,
                shape,
                Patches.of(shape, context.kernels()),
                Columns.of(shape, context.kernels().lanes()),
                products,
                robust(shape) ? products : new FloatProducts(context));
    }

    /**
     * Whether the squared norm may be made of rounded numbers. Its form cancels where a dynamic weight is much shorter than the terms it is
     * made of: always somewhere, if there are more slots than patch entries; and L2 divides by what is left.
     */
    private static boolean robust(DynamicAlignmentShape shape) {
        return shape.norm() == Norm.SQ && shape.slots() <= shape.patch();
    }

    /** The rows of an input (N, H, W, C), shared out among the device's workers. */
    PatchGrid grid(Shape x) {
        return patches.grid(x, context.workers().count());
    }
}
