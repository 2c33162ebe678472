package org.codanet.nn.layer;

import org.codanet.nn.tensor.Tensor;

/** One forward pass through one layer: input, output, and whatever the layer keeps for the way back. */
public interface Pass {
    Tensor input();

    Tensor output();
}
