package org.codanet.data;

import java.util.Arrays;

/**
 * Images with other tones. A factor of 1 changes nothing, 0 leaves what the operation measures against (black, grey, blur), and
 * factors above 1 go beyond the image. What works on levels of bytes in PIL does so here; the rest is not rounded.
 */
final class Tones {
    private static final int LEVELS = 256;

    private Tones() {}

    static Pixels brightness(Pixels image, float factor) {
        return blend(new float[image.values().length], image, factor);
    }

    /** Away from or towards each pixel's own grey; a grey image stays as it is. */
    static Pixels colour(Pixels image, float factor) {
        return image.channels() == 1
                ? image
                : blend(image.withChannels(1).withChannels(3).values(), image, factor);
    }

    /** Away from or towards the image's mean grey, a whole level as in PIL. */
    static Pixels contrast(Pixels image, float factor) {
        float[] grey = (image.channels() == 1 ? image : image.withChannels(1)).values();
        double sum = 0;
        for (float value : grey) {
            sum += value;
        }
        float[] mean = new float[image.values().length];
        Arrays.fill(mean, Math.round(255 * sum / grey.length) / 255f);
        return blend(mean, image, factor);
    }

    /** Away from or towards a blur over 3 x 3 pixels whose centre counts five times; the outermost pixels are not blurred. */
    static Pixels sharpness(Pixels image, float factor) {
        float[] from = image.values();
        float[] blurred = from.clone();
        int width = image.width();
        for (int c = 0; c < image.channels(); c++) {
            for (int y = 1; y < image.height() - 1; y++) {
                for (int x = 1; x < width - 1; x++) {
                    int at = (c * image.height() + y) * width + x;
                    float sum = 4 * from[at];
                    for (int row = at - width; row <= at + width; row += width) {
                        sum += from[row - 1] + from[row] + from[row + 1];
                    }
                    blurred[at] = sum / 13;
                }
            }
        }
        return blend(blurred, image, factor);
    }

    private static Pixels blend(float[] against, Pixels image, float factor) {
        float[] result = new float[against.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = Math.clamp(against[i] + factor * (image.values()[i] - against[i]), 0, 1);
        }
        return new Pixels(image.channels(), image.height(), image.width(), result);
    }

    /** Keeps the upper bits of each byte. */
    static Pixels posterise(Pixels image, int bits) {
        int mask = -1 << 8 - bits;
        int[] table = new int[LEVELS];
        Arrays.setAll(table, level -> level & mask);
        return mapped(image, table, table, table);
    }

    /** Inverts what is as bright as the threshold or brighter. */
    static Pixels solarise(Pixels image, float threshold) {
        float[] result = new float[image.values().length];
        for (int i = 0; i < result.length; i++) {
            float value = image.values()[i];
            result[i] = value >= threshold ? 1 - value : value;
        }
        return new Pixels(image.channels(), image.height(), image.width(), result);
    }

    /** Stretches each channel so that its darkest value is 0 and its brightest 1. */
    static Pixels stretch(Pixels image) {
        float[] result = image.values().clone();
        int plane = image.height() * image.width();
        for (int from = 0; from < result.length; from += plane) {
            float darkest = 1;
            float brightest = 0;
            for (int i = from; i < from + plane; i++) {
                darkest = Math.min(darkest, result[i]);
                brightest = Math.max(brightest, result[i]);
            }
            for (int i = from; i < from + plane && brightest > darkest; i++) {
                result[i] = (result[i] - darkest) / (brightest - darkest);
            }
        }
        return new Pixels(image.channels(), image.height(), image.width(), result);
    }

    /** Gives each channel levels in proportion to how many pixels are darker, as PIL's {@code ImageOps.equalize}. */
    static Pixels equalise(Pixels image) {
        int[][] tables = new int[image.channels()][];
        int plane = image.height() * image.width();
        for (int c = 0; c < tables.length; c++) {
            int[] counts = new int[LEVELS];
            int brightest = 0;
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                int level = level(image.values()[i]);
                counts[level]++;
                brightest = Math.max(brightest, level);
            }
            int step = (plane - counts[brightest]) / (LEVELS - 1);
            tables[c] = new int[LEVELS];
            int darker = step / 2;
            for (int level = 0; level < LEVELS; level++) {
                tables[c][level] = step == 0 ? level : Math.min(LEVELS - 1, darker / step);
                darker += counts[level];
            }
        }
        return mapped(image, tables);
    }

    private static Pixels mapped(Pixels image, int[]... tables) {
        float[] result = new float[image.values().length];
        int plane = image.height() * image.width();
        for (int i = 0; i < result.length; i++) {
            result[i] = tables[i / plane][level(image.values()[i])] / 255f;
        }
        return new Pixels(image.channels(), image.height(), image.width(), result);
    }

    private static int level(float value) {
        return Math.round(255 * value);
    }
}
