package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;

/**
 * Geometry of an ordinary convolution. The batch and the image extents come with the input.
 *
 * @param inChannels input channels
 * @param outChannels output channels
 * @param kernel extent of the square kernel
 * @param stride distance between neighbouring patches, in input positions
 * @param padding rows and columns of zeros on each side of the image
 * @param bias whether a constant is added to each output channel
 */
public record ConvolutionShape(int inChannels, int outChannels, int kernel, int stride, int padding, boolean bias) {
    public ConvolutionShape {
        if (inChannels < 1 || outChannels < 1 || kernel < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException(
                    "convolution: channels, kernel and stride must be positive and padding not"
                            + " negative, got " + inChannels + " to " + outChannels + " k=" + kernel + " stride="
                            + stride
                            + " padding=" + padding);
        }
    }

    /** Output positions along an image extent. @throws IllegalArgumentException if the kernel does not fit */
    public int outExtent(int extent) {
        return Extents.convolved("convolution", extent, kernel, stride, padding);
    }

    /** (N, Ho, Wo, Co) for an input (N, H, W, Ci). @throws IllegalArgumentException if the input does not fit */
    public Shape output(Shape input) {
        Extents.requireChannelsLast("convolution", input, inChannels);
        return Shape.of(input.extent(0), outExtent(input.extent(1)), outExtent(input.extent(2)), outChannels);
    }

    /** (k, k, Ci, Co). */
    public Shape weightShape() {
        return Shape.of(kernel, kernel, inChannels, outChannels);
    }
}
