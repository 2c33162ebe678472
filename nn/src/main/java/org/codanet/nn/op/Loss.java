package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** Mean loss of a batch and its gradient. */
public interface Loss {
    /** Which loss. */
    LossKind kind();

    /**
     * Overwrites the loss and its gradient.
     *
     * @param logits (N, K)
     * @param labels (N), the class of each image as a float
     * @param gradientScale factor of the gradient but not of the loss; with gradient accumulation the micro-batch's share of the batch
     * @param loss (1), overwritten with the mean loss
     * @param dLogits (N, K), overwritten
     */
    void forward(Tensor logits, Tensor labels, double gradientScale, Tensor loss, Tensor dLogits);
}
