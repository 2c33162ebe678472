package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** Contributions: the input times the linear map of each target, element by element. */
public interface ContributionMap {
    /**
     * Overwrites each of the three outputs that is not null.
     *
     * @param x (N, H, W, C)
     * @param map (N, K, H, W, C), the linear map of each of K targets
     * @param perChannel (N, K, C, H, W)
     * @param perPosition (N, K, H, W), summed over channels
     * @param total (N, K), summed over positions and channels in double precision
     */
    void forward(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total);
}
