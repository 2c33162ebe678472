package org.codanet.nn.layer;

import org.codanet.nn.tensor.Tensor;

/** One forward pass through one layer: input, output, and the state that back-projection or the gradient needs. */
public interface Pass {
    /** The layer's input (N, H, W, C). */
    Tensor input();

    /** The layer's output (N, Ho, Wo, D). */
    Tensor output();
}
