package org.codanet.nn.op;

import java.util.List;
import org.codanet.nn.tensor.Tensor;

/** Sum over positions, temperature and logit bias: {@code logit_k = Σ z_k / T + bias}. {@code z} is (N, H, W, K). */
public interface SumPool {
    /** Writes {@code logits} (N, K). With a bias of 0 they are the evidence: the sum of the contributions. */
    void forward(Tensor z, double temperature, double bias, Tensor logits);

    /** Overwrites {@code dZ} with {@code dLogits / T} at every position. */
    void backward(Tensor dLogits, double temperature, Tensor dZ);

    /**
     * Writes where back-projection starts: {@code seeds} (N, T, H, W, K) holds 1/T in channel {@code targets.get(n).get(t)}
     * of image n and 0 elsewhere.
     *
     * @throws IllegalArgumentException if a target is no channel, or the images have not all the same number of targets
     */
    void seed(List<List<Integer>> targets, double temperature, Tensor seeds);
}
