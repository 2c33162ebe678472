package org.codanet.metrics;

import java.util.List;

/**
 * The images of a curve: one image turns into another one, pixel by pixel. Pixel removal and deletion begin with the image and end in black;
 * insertion begins with a blurred image and ends with the image (Petsiuk, Das, Saenko, BMVC 2018, section 3.3).
 */
public final class PixelReplacement {
    /** Standard deviation of the blur in pixels, and the radius at which its kernel ends. Both are those of the RISE code. */
    private static final int BLUR = 5;

    private PixelReplacement() {}

    /**
     * {@return the images (points, C, H, W)}
     *
     * @param from the first image (C, H, W)
     * @param to the values that pixels take, (C, H, W)
     * @param area H W
     * @param order indices of pixels, in the order of their replacement
     * @param counts the number of replaced pixels at each point, ascending
     */
    public static float[] images(float[] from, float[] to, int area, int[] order, List<Integer> counts) {
        float[] images = new float[counts.size() * from.length];
        float[] image = from.clone();
        int replaced = 0;
        int point = 0;
        for (int count : counts) {
            for (; replaced < count; replaced++) {
                for (int at = order[replaced]; at < image.length; at += area) {
                    image[at] = to[at];
                }
            }
            System.arraycopy(image, 0, images, point++ * image.length, image.length);
        }
        return images;
    }

    /**
     * {@return a blurred copy of an image} The kernel is a Gaussian of 11 × 11 pixels. At the border only the part inside the image counts.
     *
     * @param image (C, H, W)
     */
    public static float[] blurred(float[] image, int height, int width) {
        double[] kernel = new double[2 * BLUR + 1];
        for (int i = 0; i < kernel.length; i++) {
            double distance = (double) (i - BLUR) / BLUR;
            kernel[i] = Math.exp(-distance * distance / 2);
        }
        float[] result = image.clone();
        for (int start = 0; start < image.length; start += height * width) {
            for (int y = 0; y < height; y++) {
                blurLine(result, start + y * width, 1, width, kernel);
            }
            for (int x = 0; x < width; x++) {
                blurLine(result, start + x, width, height, kernel);
            }
        }
        return result;
    }

    private static void blurLine(float[] values, int start, int step, int length, double[] kernel) {
        float[] line = new float[length];
        for (int i = 0; i < length; i++) {
            double sum = 0;
            double weight = 0;
            for (int j = Math.max(0, i - BLUR); j <= Math.min(length - 1, i + BLUR); j++) {
                sum += kernel[j - i + BLUR] * values[start + j * step];
                weight += kernel[j - i + BLUR];
            }
            line[i] = (float) (sum / weight);
        }
        for (int i = 0; i < length; i++) {
            values[start + i * step] = line[i];
        }
    }

    /** {@return the area under a curve of evenly spaced points over [0, 1], by the trapezoidal rule} */
    public static double areaUnder(double[] curve) {
        double sum = 0;
        for (int i = 1; i < curve.length; i++) {
            sum += (curve[i - 1] + curve[i]) / 2;
        }
        return sum / (curve.length - 1);
    }
}
