package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Sum over positions, temperature and logit bias: {@code logit_k = Σ z_k / T + bias}. {@code z} is (N, H, W, K). */
public interface SumPool {
    /** Overwrites {@code logits} (N, K). With a bias of 0 they are the sums of the contributions. */
    void forward(Tensor z, double temperature, double bias, Tensor logits);

    /** Overwrites {@code dZ} with {@code dLogits / T} at every position. */
    void backward(Tensor dLogits, double temperature, Tensor dZ);

    /**
     * Overwrites {@code seeds} (N, S, H, W, K), where back-projection starts: 1/T in channel {@code targets[n, first + s]} of image n,
     * and 0 elsewhere. The targets are values on the device, so that a captured pass can be replayed with other targets.
     *
     * @param targets (N, at least first + S), channels as floats; the seeds of a number that is not a channel are 0
     * @param first column of the first target
     */
    void seed(Tensor targets, int first, double temperature, Tensor seeds);

    /**
     * Overwrites {@code channels} with the channels of the highest logits, in descending order. Of equal logits the lower channel comes
     * first. NaN counts as lower than every number.
     *
     * @param logits (N, K)
     * @param channels (N, S), channels as floats; S is at most K
     */
    void highest(Tensor logits, Tensor channels);

    /** Checks the arguments of {@link #seed}, for devices. @throws IllegalArgumentException if there are too few targets */
    static void requireColumns(Shape targets, int first, Shape seeds) {
        if (targets.extent(0) != seeds.extent(0) || first < 0 || targets.extent(1) < first + seeds.extent(1)) {
            throw new IllegalArgumentException(
                    "sum pool: targets " + targets + " from column " + first + " are too few for seeds " + seeds);
        }
    }

    /** Checks the arguments of {@link #highest}, for devices. @throws IllegalArgumentException if S is larger than K */
    static void requireRanks(Shape logits, Shape channels) {
        if (logits.extent(0) != channels.extent(0) || logits.extent(1) < channels.extent(1)) {
            throw new IllegalArgumentException(
                    "sum pool: channels " + channels + " are more than logits " + logits + " have");
        }
    }
}
