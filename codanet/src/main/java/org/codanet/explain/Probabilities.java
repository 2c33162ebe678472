package org.codanet.explain;

import org.codanet.nn.op.LossKind;

/** Computes probabilities from logits. */
public final class Probabilities {
    private Probabilities() {}

    /**
     * Probabilities (N, K). After training with {@link LossKind#BCE} each is the sigmoid of its logit. After {@link LossKind#CE} those of an
     * image are the softmax of its logits.
     *
     * @param logits (N, K)
     * @param classes K
     * @throws IllegalArgumentException if the number of logits is not a multiple of K
     */
    public static float[] of(LossKind loss, float[] logits, int classes) {
        if (classes < 1 || logits.length % classes != 0) {
            throw new IllegalArgumentException(
                    "probabilities: " + logits.length + " logits are not those of images with " + classes + " classes");
        }
        float[] result = new float[logits.length];
        for (int row = 0; row < logits.length; row += classes) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < classes; k++) {
                largest = Math.max(largest, logits[row + k]);
            }
            double sum = 0;
            for (int k = 0; k < classes; k++) {
                sum += Math.exp(logits[row + k] - largest);
            }
            for (int k = 0; k < classes; k++) {
                double z = logits[row + k];
                result[row + k] = (float) (loss == LossKind.CE ? Math.exp(z - largest) / sum : 1 / (1 + Math.exp(-z)));
            }
        }
        return result;
    }
}
