package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/**
 * Mean loss of a batch and its gradient. With weights, the loss of each image is multiplied by its weight first: {@code (1/N) Σ_n w_n
 * l_n}. The sum is divided by the number of images and not by the sum of the weights. The mean over a batch is therefore the mean over its
 * micro-batches, whichever classes they contain.
 */
public interface Loss {
    /** Which loss. */
    LossKind kind();

    /** Overwrites the loss and its gradient, without weights; see the other method. */
    default void forward(Tensor logits, Tensor labels, double gradientScale, Tensor loss, Tensor dLogits) {
        forward(logits, labels, null, gradientScale, loss, dLogits);
    }

    /**
     * Overwrites the loss and its gradient.
     *
     * @param logits (N, K)
     * @param labels (N), the class of each image as a float
     * @param weights (N), the weight of each image; null if all are 1
     * @param gradientScale factor of the gradient but not of the loss; with gradient accumulation the micro-batch's share of the batch
     * @param loss (1), overwritten with the mean loss
     * @param dLogits (N, K), overwritten
     */
    void forward(Tensor logits, Tensor labels, Tensor weights, double gradientScale, Tensor loss, Tensor dLogits);
}
