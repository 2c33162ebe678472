package org.codanet.nn.op;

import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Tensor;

/** From images as files have them to the network's input. */
public interface ImageInput {
    /**
     * Writes {@code x} (N, H, W, C) from {@code images} (N, C, H, W) in [0, 1]; with {@code inverse}, {@code x} is
     * (N, H, W, 2C) and holds the channels followed by one minus each: (r, g, b, 1−r, 1−g, 1−b). Paper, section 4.1.
     */
    void forward(Tensor images, boolean inverse, Tensor x);

    /**
     * Writes {@code x} (N, H, W, C or 2C) from {@code images} (N, C, Hs, Ws) in bytes, each divided by 255 in float32: the bits
     * are those of the host's division followed by the other {@code forward}.
     *
     * <p>With a placement, a window of every image is cut out and then mirrored left to right or not: x[n, y, u] is the pixel in
     * row {@code top + y} and column {@code left + u}, or {@code left + W − 1 − u} if it is mirrored. What lies outside the image
     * is black.
     *
     * @param placement (N, 3) whole numbers, (top, left, 1 if mirrored and 0 if not), the first two within ±2²⁴; null for the
     *     images as they are, H = Hs and W = Ws
     * @throws IllegalArgumentException if a shape is another
     */
    void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x);
}
