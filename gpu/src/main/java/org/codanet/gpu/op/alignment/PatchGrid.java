package org.codanet.gpu.op.alignment;

import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * Extents of a layer and of the images of one call. A row is one output position of one image.
 *
 * @param shape the layer
 * @param n number of images
 * @param h their height
 * @param w their width
 */
record PatchGrid(DynamicAlignmentShape shape, int n, int h, int w) {
    static PatchGrid of(DynamicAlignmentShape shape, Shape x) {
        shape.output(x);
        return new PatchGrid(shape, x.extent(0), x.extent(1), x.extent(2));
    }

    /**
     * Whether the forward pass uses the weight-streaming form. It does for L2 layers whose {@linkplain
     * DynamicAlignmentShape#gramFormCancels Gram form cancels}. In these layers the form also costs less, because a dynamic weight has
     * fewer entries than there are slots. WB does not need the norms of dynamic weights.
     */
    static boolean weightStreaming(DynamicAlignmentShape shape) {
        return shape.gramFormCancels() && shape.norm() == Norm.L2;
    }

    /** L = R + S D: columns of the packed weights. */
    static int columns(DynamicAlignmentShape shape) {
        return Math.addExact(shape.rank(), Math.multiplyExact(shape.slots(), shape.units()));
    }

    /** Pairs r ≤ s of slots: rows of the Gram matrices. */
    static int pairs(DynamicAlignmentShape shape) {
        return shape.slots() * (shape.slots() + 1) / 2;
    }

    int outH() {
        return shape.outExtent(h);
    }

    int outW() {
        return shape.outExtent(w);
    }

    /** Output positions of one image. */
    int positions() {
        return outH() * outW();
    }

    /** Output positions of all images. */
    long rows() {
        return (long) n * positions();
    }

    /** Floats of one input image. */
    long imageFloats() {
        return (long) h * w * shape.inChannels();
    }

    int slots() {
        return shape.slots();
    }

    int columns() {
        return columns(shape);
    }

    /** S D: columns of the packed weights that belong to slots. */
    int slotColumns() {
        return slots() * units();
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

    boolean weightBounding() {
        return shape.norm() == Norm.WB;
    }

    /** Number of squared norms in the forward state for one position: one for each unit, or for WB one for the patch. */
    int squaredNorms() {
        return weightBounding() ? 1 : units();
    }

    /** Whether a patch is a single input position, as in 1 × 1 layers, so that im2col is not needed. */
    boolean pointwise() {
        return shape.kernel() == 1 && shape.stride() == 1 && shape.padding() == 0;
    }

    /**
     * Number of images in a chunk.
     *
     * @param bytes limit for the buffers of a chunk; a chunk has at least one image even if it exceeds the limit
     * @param floats size of the buffers for each output position, in floats
     * @param images largest result
     */
    int chunkImages(long bytes, long floats, int images) {
        return Math.clamp(bytes / (Float.BYTES * floats * positions()), 1, images);
    }
}
