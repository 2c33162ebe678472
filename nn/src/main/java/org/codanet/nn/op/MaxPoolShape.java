package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;

/**
 * Windows of a maximum pooling.
 *
 * @param kernel extent of the square window
 * @param stride distance between neighbouring windows
 * @param padding rows and columns beyond the image on each side; at most half a window, so that no window lies outside
 */
public record MaxPoolShape(int kernel, int stride, int padding) {
    /** @throws IllegalArgumentException if a value is out of its range */
    public MaxPoolShape {
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2) {
            throw new IllegalArgumentException("max pool: kernel and stride must be positive and padding 0 to kernel/2,"
                    + " got k=" + kernel + " stride=" + stride + " padding=" + padding);
        }
    }

    /** (N, Ho, Wo, C) for an input (N, H, W, C). @throws IllegalArgumentException if the input does not fit */
    public Shape output(Shape input) {
        if (input.rank() != 4) {
            throw new IllegalArgumentException("max pool: input is " + input + ", expected (N, H, W, C)");
        }
        return Shape.of(
                input.extent(0),
                Extents.convolved("max pool", input.extent(1), kernel, stride, padding),
                Extents.convolved("max pool", input.extent(2), kernel, stride, padding),
                input.extent(3));
    }
}
