package org.codanet.nn.layer;

import org.codanet.nn.tensor.Tensor;

/** One forward pass through one layer: input, output, and whatever the layer keeps for the way back. */
public interface Pass {
    /** What the layer read, (N, C, H, W). */
    Tensor input();

    /** What the layer made of it, (N, D, H', W'). */
    Tensor output();
}
