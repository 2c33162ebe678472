package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/**
 * The ordinary convolution: {@code y = patch(x) · w + bias}. {@code x} is (N, H, W, Ci), {@code y} (N, Ho, Wo, Co),
 * {@code w} (k, k, Ci, Co), {@code bias} (Co) or null.
 */
public interface Convolution {
    /** What this operation was planned for. */
    ConvolutionShape shape();

    /** Writes y. */
    void forward(Tensor x, Tensor w, Tensor bias, Tensor y);

    /** Overwrites {@code dIn} (N, H, W, Ci): the gradient with respect to x, and the back-projection, the map being linear. */
    void backwardData(Tensor dOut, Tensor w, Tensor dIn);

    /** Adds to {@code dW} and, unless null, {@code dBias}. */
    void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias);
}
