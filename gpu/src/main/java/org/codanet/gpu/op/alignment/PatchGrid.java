package org.codanet.gpu.op.alignment;

import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * The numbers of a layer on the images of one call, in the words of {@code forward.cu}.
 *
 * @param shape the layer
 * @param n images
 * @param h their height
 * @param w their width
 */
record PatchGrid(DynamicAlignmentShape shape, int n, int h, int w) {
    static PatchGrid of(DynamicAlignmentShape shape, Shape x) {
        shape.output(x);
        return new PatchGrid(shape, x.extent(0), x.extent(1), x.extent(2));
    }

    static int slots(DynamicAlignmentShape shape) {
        return shape.slots();
    }

    /**
     * Whether scores and squared norms are sums over the dynamic weights themselves, and not forms in the factors: norms cancel, and a
     * weight has fewer entries than slots, so that it is less work as well. WB's norms are those of patches.
     */
    static boolean direct(DynamicAlignmentShape shape) {
        return shape.gramFormCancels() && shape.norm() == Norm.L2;
    }

    /** L: columns of the packed weights. */
    static int row(DynamicAlignmentShape shape) {
        return Math.addExact(shape.rank(), Math.multiplyExact(slots(shape), shape.units()));
    }

    static int pairs(DynamicAlignmentShape shape) {
        return slots(shape) * (slots(shape) + 1) / 2;
    }

    int outH() {
        return shape.outExtent(h);
    }

    int outW() {
        return shape.outExtent(w);
    }

    /** Positions of one image. */
    int positions() {
        return outH() * outW();
    }

    /** Positions of all images. */
    long rows() {
        return (long) n * positions();
    }

    int slots() {
        return slots(shape);
    }

    int row() {
        return row(shape);
    }

    int pairs() {
        return pairs(shape);
    }

    int units() {
        return shape.units();
    }

    int rank() {
        return shape.rank();
    }

    int patch() {
        return shape.patch();
    }

    boolean bounded() {
        return shape.norm() == Norm.WB;
    }

    /** Squared norms that are kept of one position. */
    int squares() {
        return bounded() ? 1 : units();
    }

    /** Whether a patch is the position itself, so that x need not be copied. */
    boolean pointwise() {
        return shape.kernel() == 1 && shape.stride() == 1 && shape.padding() == 0;
    }

    /** How many images at a time keep {@code floats} for each position within {@code bytes}; at least one. */
    int imagesWithin(long bytes, long floats, int images) {
        return Math.clamp(bytes / (Float.BYTES * floats * positions()), 1, images);
    }
}
