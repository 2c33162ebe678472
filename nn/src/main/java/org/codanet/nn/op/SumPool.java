package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Sum over positions, temperature and logit bias: {@code logit_k = Σ z_k / T + bias}. {@code z} is (N, H, W, K). */
public interface SumPool {
    /** Writes {@code logits} (N, K). With a bias of 0 they are the evidence: the sum of the contributions. */
    void forward(Tensor z, double temperature, double bias, Tensor logits);

    /** Overwrites {@code dZ} with {@code dLogits / T} at every position. */
    void backward(Tensor dLogits, double temperature, Tensor dZ);

    /**
     * Writes where back-projection starts: {@code seeds} (N, S, H, W, K) holds 1/T in channel {@code targets[n, first + s]} of
     * image n and 0 elsewhere. They are numbers on the device, so that a recorded step can be run with others.
     *
     * @param targets (N, at least first + S), channels as floats; for a number that is no channel the seeds are 0
     * @param first column of the first target
     */
    void seed(Tensor targets, int first, double temperature, Tensor seeds);

    /**
     * Writes the channels of the highest logits, the highest first; of equal ones the lower channel, NaN below all numbers.
     *
     * @param logits (N, K)
     * @param channels (N, S), S at most K, overwritten with channels as floats
     */
    void highest(Tensor logits, Tensor channels);

    /** Checks what {@link #seed} is given, for devices. @throws IllegalArgumentException if the targets do not reach */
    static void requireColumns(Shape targets, int first, Shape seeds) {
        if (targets.extent(0) != seeds.extent(0) || first < 0 || targets.extent(1) < first + seeds.extent(1)) {
            throw new IllegalArgumentException(
                    "sum pool: targets " + targets + " from column " + first + " do not fill seeds " + seeds);
        }
    }

    /** Checks what {@link #highest} is given, for devices. @throws IllegalArgumentException if there are not so many */
    static void requireRanks(Shape logits, Shape channels) {
        if (logits.extent(0) != channels.extent(0) || logits.extent(1) < channels.extent(1)) {
            throw new IllegalArgumentException("sum pool: " + channels + " channels are asked for of logits " + logits);
        }
    }
}
