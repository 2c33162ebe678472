package org.codanet.nn.op;

import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Tensor;

/** Converts images, as files store them, to the network's input. */
public interface ImageInput {
    /**
     * Overwrites {@code x} (N, H, W, C) with {@code images} (N, C, H, W) in [0, 1]. With {@code inverse}, {@code x} is (N, H, W, 2C):
     * the channels, followed by one minus each of them, for example (r, g, b, 1−r, 1−g, 1−b). Source: paper, section 4.1.
     */
    void forward(Tensor images, boolean inverse, Tensor x);

    /**
     * Overwrites {@code x} (N, H, W, C or 2C) with {@code images} (N, C, Hs, Ws) in bytes, each divided by 255 in float32. The result
     * has the same bits as a division on the host followed by the other {@code forward}.
     *
     * <p>With a placement, a window of each image is cropped and optionally flipped: x[n, y, u] is the pixel in row {@code top + y} and
     * column {@code left + u}, or {@code left + W − 1 − u} if it is flipped. Pixels outside the image are black.
     *
     * @param placement (N, 3) integers, (top, left, 1 if flipped or else 0), the first two within ±2²⁴; null for whole images, where
     *     H = Hs and W = Ws
     * @throws IllegalArgumentException naming the first shape that does not fit
     */
    void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x);
}
