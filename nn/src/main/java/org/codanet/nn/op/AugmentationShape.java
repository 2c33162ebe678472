package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Extents of one call of {@link ImageAugmentation}.
 *
 * @param images N
 * @param operations S, the number of operations on each image
 * @param height H
 * @param width W
 * @param channels C, 1 or 3
 * @param inverse whether the images have 2C channels
 */
public record AugmentationShape(int images, int operations, int height, int width, int channels, boolean inverse) {
    private static final String OPERATION = "image augmentation";

    /** @throws IllegalArgumentException if C is neither 1 nor 3 */
    public AugmentationShape {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException(OPERATION + ": images have " + channels + " channels, must have 1 or 3");
        }
    }

    /** @throws IllegalArgumentException naming the first shape that does not fit */
    public static AugmentationShape of(Tensor operations, boolean inverse, Tensor x) {
        Shape shape = x.shape();
        if (shape.rank() != 4 || (inverse && shape.extent(3) % 2 != 0)) {
            throw new IllegalArgumentException(
                    OPERATION + ": x is " + shape + ", expected (N, H, W, " + (inverse ? "2C)" : "C)"));
        }
        if (operations.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    OPERATION + ": operations are " + operations.shape() + ", expected (N, S, 7)");
        }
        int count = operations.shape().extent(1);
        operations.require(Shape.of(shape.extent(0), count, AugmentationOperation.NUMBERS), OPERATION, "operations");
        return new AugmentationShape(
                shape.extent(0),
                count,
                shape.extent(1),
                shape.extent(2),
                inverse ? shape.extent(3) / 2 : shape.extent(3),
                inverse);
    }

    /** Channels of the tensor: C or 2C. */
    public int depth() {
        return inverse ? 2 * channels : channels;
    }

    /** H W. */
    public int positions() {
        return Math.multiplyExact(height, width);
    }

    /** Floats of an image: H W C or H W 2C. */
    public int imageSize() {
        return Math.multiplyExact(positions(), depth());
    }

    /** Floats of scratch memory that an image needs. With inverse channels it is none: these are written last and serve until then. */
    public int scratchSize() {
        return inverse ? 0 : imageSize();
    }

    /** Floats of the operations on an image: 7 S. */
    public int operationsSize() {
        return operations * AugmentationOperation.NUMBERS;
    }
}
