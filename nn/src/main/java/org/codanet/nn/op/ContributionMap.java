package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** Contribution of every input value: input times linear map. */
public interface ContributionMap {
    /**
     * Writes what is not null.
     *
     * @param x (N, H, W, C)
     * @param map (N, K, H, W, C), the linear map of each of K targets
     * @param perChannel (N, K, C, H, W)
     * @param perPosition (N, K, H, W), summed over channels
     * @param total (N, K), summed over everything with double accumulators
     */
    void forward(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total);
}
