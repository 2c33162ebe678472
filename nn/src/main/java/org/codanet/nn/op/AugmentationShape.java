package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Extents of one call of {@link ImageAugmentation}.
 *
 * @param images N
 * @param steps S
 * @param height H
 * @param width W
 * @param channels C, 1 or 3
 * @param inverse whether the images have 2C channels
 */
public record AugmentationShape(int images, int steps, int height, int width, int channels, boolean inverse) {
    private static final String OPERATION = "image augmentation";

    /** @throws IllegalArgumentException if C is neither 1 nor 3 */
    public AugmentationShape {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException(OPERATION + ": images have " + channels + " channels, must have 1 or 3");
        }
    }

    /** @throws IllegalArgumentException if the shapes are not what the operation asks for, naming the one that is not */
    public static AugmentationShape of(Tensor steps, boolean inverse, Tensor x) {
        Shape shape = x.shape();
        if (shape.rank() != 4 || (inverse && shape.extent(3) % 2 != 0)) {
            throw new IllegalArgumentException(
                    OPERATION + ": x is " + shape + ", expected (N, H, W, " + (inverse ? "2C)" : "C)"));
        }
        if (steps.shape().rank() != 3) {
            throw new IllegalArgumentException(OPERATION + ": steps are " + steps.shape() + ", expected (N, S, 7)");
        }
        int count = steps.shape().extent(1);
        steps.require(Shape.of(shape.extent(0), count, AugmentationOperation.NUMBERS), OPERATION, "steps");
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

    /** Floats of room that an image needs beside its own: none where its inverse channels, written last, can serve. */
    public int roomSize() {
        return inverse ? 0 : imageSize();
    }

    /** Floats of the steps of an image: 7 S. */
    public int stepsSize() {
        return steps * AugmentationOperation.NUMBERS;
    }
}
