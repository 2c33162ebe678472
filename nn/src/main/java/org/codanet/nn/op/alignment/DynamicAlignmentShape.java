package org.codanet.nn.op.alignment;

import org.codanet.nn.op.Extents;
import org.codanet.nn.tensor.Shape;

/**
 * The geometry of a dynamic alignment layer. Batch size and image extents come with the input.
 *
 * @param inChannels C
 * @param units D, the output channels
 * @param rank r, the number of columns of A
 * @param kernel k, side of the square kernel
 * @param stride distance between neighbouring patches, in input positions
 * @param padding zeros around the image, on each side
 * @param norm how the output is bounded
 * @param bias whether the dynamic weight has the constant part b_j; WB is defined without
 */
public record DynamicAlignmentShape(
        int inChannels, int units, int rank, int kernel, int stride, int padding, Norm norm, boolean bias) {
    public DynamicAlignmentShape {
        if (inChannels < 1 || units < 1 || rank < 1 || kernel < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException(
                    "dynamic alignment: channels, units, rank, kernel and stride must be positive"
                            + " and padding not negative, got C=" + inChannels + " D=" + units + " r=" + rank + " k="
                            + kernel
                            + " stride=" + stride + " padding=" + padding);
        }
        if (norm == Norm.WB && bias) {
            throw new IllegalArgumentException("dynamic alignment: the norm WB is defined without bias");
        }
    }

    /** P = C k²: entries of a patch, ordered (ky, kx, c) on the device. */
    public int patch() {
        return inChannels * kernel * kernel;
    }

    /** S: the length of the factors with which the weight is computed, r, and one more for the bias. */
    public int slots() {
        return bias ? rank + 1 : rank;
    }

    /**
     * Whether the Gram form of the squared norm, {@code q_j = aᵀ G_j a}, loses digits that the output needs. With more slots than patch
     * entries, G_j is singular and its terms cancel at some positions; L2 and WB divide by what is left. A device computes such a
     * layer's norms in double precision or from the dynamic weights themselves.
     */
    public boolean gramFormCancels() {
        return norm != Norm.SQ && slots() > patch();
    }

    /**
     * Output positions along an image extent.
     *
     * @throws IllegalArgumentException if the padded image is smaller than the kernel
     */
    public int outExtent(int extent) {
        return Extents.convolved("dynamic alignment", extent, kernel, stride, padding);
    }

    /** (N, Ho, Wo, D) for an input (N, H, W, C). @throws IllegalArgumentException if the input does not fit */
    public Shape output(Shape input) {
        Extents.requireChannelsLast("dynamic alignment", input, inChannels);
        return Shape.of(input.extent(0), outExtent(input.extent(1)), outExtent(input.extent(2)), units);
    }

    /** (k, k, C, r). */
    public Shape aShape() {
        return Shape.of(kernel, kernel, inChannels, rank);
    }

    /** (k, k, C, r, D). */
    public Shape bShape() {
        return Shape.of(kernel, kernel, inChannels, rank, units);
    }

    /** (k, k, C, D). */
    public Shape biasShape() {
        return Shape.of(kernel, kernel, inChannels, units);
    }

    /** Multiply-adds of one output position: {@code P r D + P r}, the dynamic weights applied once. */
    public long multiplyAddsPerPosition() {
        return (long) patch() * rank * (units + 1L);
    }
}
