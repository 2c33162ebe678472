package org.codanet.render;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * Dynamic weights in colours, with transparency. A pixel has the colour that its weights look for: each of red, green and blue is the share of
 * the positive weight of the colour in the positive weights of the colour and of its inverse. Its opacity is the length of its weights, relative
 * to the 99.5th percentile of the image. Pixels whose contributions do not raise the logit are transparent.
 */
public final class WeightPicture {
    private static final double PERCENTILE = 99.5;

    private WeightPicture() {}

    /**
     * {@return an ARGB picture}
     *
     * @param weights (2 C, H, W): the weights of 1 or 3 colours, then those of their inverses
     * @param contributions the weights times the input, of the same shape
     * @throws IllegalArgumentException if there are no inverse channels
     */
    public static BufferedImage of(float[] weights, float[] contributions, int height, int width) {
        int area = height * width;
        int channels = weights.length / area;
        if (channels != 2 && channels != 6 || weights.length != contributions.length) {
            throw new IllegalArgumentException("dynamic weights: " + channels
                    + " channels cannot be shown in colours; a network with inverse channels has 2 or 6");
        }
        double[] lengths = new double[area];
        double[] sums = new double[area];
        for (int i = 0; i < weights.length; i++) {
            lengths[i % area] += (double) weights[i] * weights[i];
            sums[i % area] += contributions[i];
        }
        for (int i = 0; i < area; i++) {
            lengths[i] = Math.sqrt(lengths[i]);
        }
        double[] sorted = lengths.clone();
        Arrays.sort(sorted);
        double full = sorted[(int) Math.ceil(PERCENTILE / 100 * (area - 1))];
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        for (int i = 0; i < area; i++) {
            int argb = sums[i] > 0 && full > 0 ? (int) Math.round(255 * Math.min(1, lengths[i] / full)) : 0;
            for (int c = 0; c < 3; c++) {
                int colour = channels == 2 ? 0 : c;
                argb = argb << 8 | level(weights[colour * area + i], weights[(colour + channels / 2) * area + i]);
            }
            picture.setRGB(i % width, i / width, argb);
        }
        return picture;
    }

    private static int level(float weight, float inverse) {
        double positive = Math.max(weight, 0);
        double both = positive + Math.max(inverse, 0);
        return (int) Math.round(255 * (both > 0 ? positive / both : 0.5));
    }

    /** {@return a picture with each pixel as a square of {@code factor} pixels} */
    public static BufferedImage enlarged(BufferedImage picture, int factor) {
        BufferedImage large = new BufferedImage(
                picture.getWidth() * factor, picture.getHeight() * factor, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < large.getHeight(); y++) {
            for (int x = 0; x < large.getWidth(); x++) {
                large.setRGB(x, y, picture.getRGB(x / factor, y / factor));
            }
        }
        return large;
    }
}
