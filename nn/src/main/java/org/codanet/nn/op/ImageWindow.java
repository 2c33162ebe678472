package org.codanet.nn.op;

import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Extents of images that are stored as bytes and of the windows that are cropped from them. Without cropping both are equal.
 *
 * @param images N
 * @param channels C of the stored images
 * @param storedHeight Hs
 * @param storedWidth Ws
 * @param height H of the windows
 * @param width W of the windows
 * @param inverse whether the output has 2C channels
 */
public record ImageWindow(
        int images, int channels, int storedHeight, int storedWidth, int height, int width, boolean inverse) {
    private static final String OPERATION = "image input";

    /**
     * The extents of one call of {@link ImageInput}.
     *
     * @throws IllegalArgumentException naming the first shape that does not fit
     */
    public static ImageWindow of(ByteTensor images, Tensor placement, boolean inverse, Tensor x) {
        Shape stored = images.shape();
        if (stored.rank() != 4) {
            throw new IllegalArgumentException(OPERATION + ": images are " + stored + ", expected (N, C, H, W)");
        }
        Shape out = x.shape();
        if (out.rank() != 4) {
            throw new IllegalArgumentException(OPERATION + ": x is " + out + ", expected (N, H, W, C)");
        }
        int count = stored.extent(0);
        int channels = stored.extent(1);
        int height = stored.extent(2);
        int width = stored.extent(3);
        if (placement != null) {
            placement.require(Shape.of(count, 3), OPERATION, "placement");
            height = out.extent(1);
            width = out.extent(2);
        }
        ImageWindow window =
                new ImageWindow(count, channels, stored.extent(2), stored.extent(3), height, width, inverse);
        x.require(Shape.of(count, height, width, window.depth()), OPERATION, "x");
        return window;
    }

    /** Channels of the output: C or 2C. */
    public int depth() {
        return inverse ? 2 * channels : channels;
    }

    /** H W. */
    public int positions() {
        return Math.multiplyExact(height, width);
    }

    /** Hs Ws. */
    public long stored() {
        return (long) storedHeight * storedWidth;
    }
}
