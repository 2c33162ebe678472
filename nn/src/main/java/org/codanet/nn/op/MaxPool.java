package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The largest value of each window of each channel. Positions outside the image never count. Of equal values the first in row order is
 * the largest, and so is the first NaN.
 */
public interface MaxPool {
    /** The windows. */
    MaxPoolShape shape();

    /** Overwrites {@code y} (N, Ho, Wo, C). {@code x} is (N, H, W, C). */
    void forward(Tensor x, Tensor y);

    /**
     * Overwrites {@code dIn} with the gradients {@code dOut} of K outputs.
     *
     * <p>A window passes its gradient g to its largest value. By {@link ReluRule#RESCALE} a window with the maxima y and y₀ at the baseline
     * passes {@code g (y − y₀) / (x − x₀)} to the position of the larger of both maxima, so that the contributions of the positions add up
     * to {@code g (y − y₀)}. {@link ReluRule#GUIDED} is the gradient.
     *
     * @param x (N, H, W, C), as forward read it
     * @param baseline x₀, of the shape of x; null unless the rule is {@link ReluRule#RESCALE}
     * @param dOut (N, Ho, Wo, C), or (N, K, Ho, Wo, C)
     * @param dIn (N, H, W, C), or (N, K, H, W, C)
     */
    void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn);

    /** Checks the shapes of {@link #backward}, for devices, and returns K. */
    static int requireTargets(MaxPoolShape shape, Shape x, Shape dOut, Shape dIn) {
        int targets = Relu.requireTargets("max pool", x, dIn, "dIn");
        int upper = Relu.requireTargets("max pool", shape.output(x), dOut, "dOut");
        if (upper != targets || dOut.rank() != dIn.rank()) {
            throw new IllegalArgumentException(
                    "max pool: dOut is " + dOut + " and dIn is " + dIn + "; both need the same number of targets");
        }
        return targets;
    }
}
