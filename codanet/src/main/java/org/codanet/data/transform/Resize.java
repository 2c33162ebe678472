package org.codanet.data.transform;

import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

/**
 * Resizes an image so that its shorter side has the given length. The longer side is scaled in proportion and rounded down, as in
 * torchvision.
 *
 * <p>The interpolation is bilinear with antialiasing, as in PIL. An output pixel is the weighted mean of the input pixels under a
 * triangle filter. The triangle is two output pixels wide when the image shrinks, and two input pixels wide when it grows. The result
 * is not rounded to bytes, so it differs from PIL's by up to 1 / 255.
 *
 * @param shorter the length of the shorter side in pixels, at least 1
 */
public record Resize(int shorter) implements Transform {
    /**
     * Checks the length.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public Resize {
        if (shorter < 1) {
            throw new IllegalArgumentException("resize: a side of " + shorter + " pixels cannot be");
        }
    }

    @Override
    public Pixels apply(Pixels image, RandomGenerator random) {
        int height = image.height();
        int width = image.width();
        int longer =
                (int) Math.min(Integer.MAX_VALUE, (long) shorter * Math.max(height, width) / Math.min(height, width));
        return height < width ? to(image, shorter, longer) : to(image, longer, shorter);
    }

    /** {@return the image with these extents} */
    static Pixels to(Pixels image, int height, int width) {
        return columns(rows(image, width), height);
    }

    /** Resamples along rows. */
    private static Pixels rows(Pixels image, int width) {
        if (width == image.width()) {
            return image;
        }
        Weights weights = Weights.of(image.width(), width);
        Pixels result = Pixels.black(image.channels(), image.height(), width);
        int rows = image.channels() * image.height();
        for (int row = 0; row < rows; row++) {
            for (int x = 0; x < width; x++) {
                float[] taps = weights.taps[x];
                int from = row * image.width() + weights.first[x];
                float sum = 0;
                for (int i = 0; i < taps.length; i++) {
                    sum += taps[i] * image.values()[from + i];
                }
                result.values()[row * width + x] = Math.clamp(sum, 0, 1);
            }
        }
        return result;
    }

    /** Resamples along columns, a row at a time. */
    private static Pixels columns(Pixels image, int height) {
        if (height == image.height()) {
            return image;
        }
        Weights weights = Weights.of(image.height(), height);
        int width = image.width();
        Pixels result = Pixels.black(image.channels(), height, width);
        for (int c = 0; c < image.channels(); c++) {
            for (int y = 0; y < height; y++) {
                float[] taps = weights.taps[y];
                int to = (c * height + y) * width;
                for (int i = 0; i < taps.length; i++) {
                    int from = (c * image.height() + weights.first[y] + i) * width;
                    for (int x = 0; x < width; x++) {
                        result.values()[to + x] += taps[i] * image.values()[from + x];
                    }
                }
                for (int x = 0; x < width; x++) {
                    result.values()[to + x] = Math.clamp(result.values()[to + x], 0, 1);
                }
            }
        }
        return result;
    }

    /** For each output position: the first input position under the triangle, and the weights of the input positions that start there. */
    private static final class Weights {
        private final int[] first;
        private final float[][] taps;

        private Weights(int[] first, float[][] taps) {
            this.first = first;
            this.taps = taps;
        }

        static Weights of(int input, int output) {
            double scale = (double) input / output;
            double radius = Math.max(1, scale);
            int[] first = new int[output];
            float[][] taps = new float[output][];
            for (int i = 0; i < output; i++) {
                double centre = (i + 0.5) * scale;
                int from = Math.max(0, (int) (centre - radius + 0.5));
                int to = Math.min(input, (int) (centre + radius + 0.5));
                double[] weights = new double[to - from];
                double sum = 0;
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / radius);
                    sum += weights[k];
                }
                first[i] = from;
                taps[i] = new float[weights.length];
                for (int k = 0; k < weights.length; k++) {
                    taps[i][k] = (float) (weights[k] / sum);
                }
            }
            return new Weights(first, taps);
        }
    }
}
