package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;

/** Calculations and checks that the shape records share. */
public final class Extents {
    private Extents() {}

    /** Output positions along an image extent. @throws IllegalArgumentException if the padded image is smaller than the kernel */
    public static int convolved(String operation, int extent, int kernel, int stride, int padding) {
        long span = (long) extent + 2L * padding - kernel;
        if (extent < 1 || span < 0) {
            throw new IllegalArgumentException(operation + ": a kernel of " + kernel + " does not fit an extent of "
                    + extent + " padded by " + padding + " on each side");
        }
        return Math.toIntExact(span / stride + 1);
    }

    /** @throws IllegalArgumentException if the input is not (N, H, W, channels) */
    public static void requireChannelsLast(String operation, Shape input, int channels) {
        if (input.rank() != 4 || input.extent(3) != channels) {
            throw new IllegalArgumentException(
                    operation + ": input is " + input + ", expected (N, H, W, " + channels + ")");
        }
    }
}
