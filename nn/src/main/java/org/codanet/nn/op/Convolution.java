package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/**
 * The ordinary convolution: {@code y = patch(x) · w + bias}. {@code x} is (N, H, W, Ci), {@code y} (N, Ho, Wo, Co),
 * {@code w} (k, k, Ci, Co), {@code bias} (Co) or null.
 */
public interface Convolution {
    /** The geometry that this operation was created for. */
    ConvolutionShape shape();

    /** Overwrites {@code y}. */
    void forward(Tensor x, Tensor w, Tensor bias, Tensor y);

    /**
     * Overwrites {@code dIn} (N, H, W, Ci) with the gradient with respect to x. The map is linear, so this is its back-projection as
     * well.
     */
    void backwardData(Tensor dOut, Tensor w, Tensor dIn);

    /** Adds the gradients of the weights to {@code dW} and, unless null, to {@code dBias}. */
    void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias);
}
