package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** From images as files have them to the network's input. */
public interface ImageInput {
    /**
     * Writes {@code x} (N, H, W, C) from {@code images} (N, C, H, W) in [0, 1]; with {@code inverse}, {@code x} is
     * (N, H, W, 2C) and holds the channels followed by one minus each: (r, g, b, 1−r, 1−g, 1−b). Paper, section 4.1.
     */
    void forward(Tensor images, boolean inverse, Tensor x);
}
