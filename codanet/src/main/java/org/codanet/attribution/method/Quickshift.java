package org.codanet.attribution.method;

import org.codanet.data.transform.SeededRandom;

/**
 * Superpixels by mode seeking: each pixel is linked to the nearest pixel of higher density in colour and position. The links end at pixels
 * of locally largest density, one for each superpixel. Source: Vedaldi and Soatto, 2008; colours in CIE Lab.
 *
 * @param kernel standard deviation of the Gaussian kernel of the density estimate
 * @param maxDistance a pixel farther than this from every denser one starts a superpixel
 * @param ratio weight of colour against position
 */
record Quickshift(double kernel, double maxDistance, double ratio) {
    /** The noise only decides between equal densities. */
    private static final double NOISE = 1e-5;

    private static final double[][] XYZ = {
        {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}
    };
    private static final double[] WHITE = {0.95047, 1, 1.08883};

    /**
     * {@return for each pixel the number of its superpixel, counted from 0 in the order of their densest pixels}
     *
     * @param image (3, H, W) in [0, 1], or (1, H, W) as grey
     */
    int[] segments(float[] image, int height, int width) {
        SeededRandom random = new SeededRandom(0, 0, 0);
        double[] noise = new double[height * width];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = NOISE * random.nextGaussian();
        }
        double[] colours = lab(image, height * width);
        return roots(colours, density(colours, height, width, noise), height, width);
    }

    /** {@return CIE Lab times the ratio, (H W, 3)} */
    double[] lab(float[] image, int area) {
        double[] lab = new double[3 * area];
        for (int i = 0; i < area; i++) {
            double[] linear = new double[3];
            for (int c = 0; c < 3; c++) {
                double value = image[image.length == area ? i : c * area + i];
                linear[c] = value > 0.04045 ? Math.pow((value + 0.055) / 1.055, 2.4) : value / 12.92;
            }
            double[] f = new double[3];
            for (int c = 0; c < 3; c++) {
                double value = (XYZ[c][0] * linear[0] + XYZ[c][1] * linear[1] + XYZ[c][2] * linear[2]) / WHITE[c];
                f[c] = value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16.0 / 116;
            }
            lab[3 * i] = ratio * (116 * f[1] - 16);
            lab[3 * i + 1] = ratio * 500 * (f[0] - f[1]);
            lab[3 * i + 2] = ratio * 200 * (f[1] - f[2]);
        }
        return lab;
    }

    private int radius() {
        return (int) Math.ceil(3 * kernel);
    }

    /** {@return the noise plus the Gaussian sum over the window around each pixel, itself included} */
    double[] density(double[] colours, int height, int width, double[] noise) {
        double[] density = noise.clone();
        for (int i = 0; i < density.length; i++) {
            double sum = 0;
            for (int j : window(i, height, width)) {
                sum += Math.exp(-squaredDistance(colours, i, j, width) / (2 * kernel * kernel));
            }
            density[i] += sum;
        }
        return density;
    }

    private int[] window(int pixel, int height, int width) {
        int top = Math.max(0, pixel / width - radius());
        int bottom = Math.min(height - 1, pixel / width + radius());
        int left = Math.max(0, pixel % width - radius());
        int right = Math.min(width - 1, pixel % width + radius());
        int[] pixels = new int[(bottom - top + 1) * (right - left + 1)];
        int at = 0;
        for (int y = top; y <= bottom; y++) {
            for (int x = left; x <= right; x++) {
                pixels[at++] = y * width + x;
            }
        }
        return pixels;
    }

    private static double squaredDistance(double[] colours, int i, int j, int width) {
        double dy = i / width - j / width;
        double dx = i % width - j % width;
        double sum = dy * dy + dx * dx;
        for (int c = 0; c < 3; c++) {
            double difference = colours[3 * i + c] - colours[3 * j + c];
            sum += difference * difference;
        }
        return sum;
    }

    /** Follows each pixel to the nearest denser one, and so on, and numbers the pixels at which all paths end. */
    int[] roots(double[] colours, double[] density, int height, int width) {
        int[] parents = new int[density.length];
        for (int i = 0; i < parents.length; i++) {
            double nearest = Double.POSITIVE_INFINITY;
            parents[i] = i;
            for (int j : window(i, height, width)) {
                double distance = squaredDistance(colours, i, j, width);
                if (density[j] > density[i] && distance < nearest) {
                    nearest = distance;
                    parents[i] = j;
                }
            }
            if (Math.sqrt(nearest) > maxDistance) {
                parents[i] = i;
            }
        }
        int[] numbers = new int[parents.length];
        int count = 0;
        for (int i = 0; i < parents.length; i++) {
            numbers[i] = parents[i] == i ? count++ : -1;
        }
        int[] segments = new int[parents.length];
        for (int i = 0; i < parents.length; i++) {
            int root = i;
            while (parents[root] != root) {
                root = parents[root];
            }
            segments[i] = numbers[root];
        }
        return segments;
    }
}
