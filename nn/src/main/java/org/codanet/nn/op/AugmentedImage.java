package org.codanet.nn.op;

/**
 * {@link ImageAugmentation} of one image in plain Java, for devices whose operations run on arrays. Other devices must give the same
 * bits.
 */
public final class AugmentedImage {
    private static final int LEVELS = 256;
    private static final float THIRTEENTH = 1 / 13f;

    private final AugmentationShape shape;
    private final float[] values;
    private final float[] scratch;
    private final int scratchFirst;

    /**
     * Augments the image in {@code values}. The caller owns both arrays.
     *
     * @param values (H, W, C or 2C), changed in place
     * @param scratch at least {@link AugmentationShape#scratchSize} floats, overwritten
     */
    public AugmentedImage(AugmentationShape shape, float[] values, float[] scratch) {
        this.shape = shape;
        this.values = values;
        this.scratch = shape.inverse() ? values : scratch;
        this.scratchFirst = shape.inverse() ? shape.channels() : 0;
    }

    /**
     * Runs all operations, then writes the inverse channels if there are any.
     *
     * @param operations (N, S, 7)
     * @param image index of this image, n
     */
    public void apply(float[] operations, int image) {
        int end = (image + 1) * shape.operationsSize();
        for (int at = image * shape.operationsSize(); at < end; at += AugmentationOperation.NUMBERS) {
            applyOne(operations, at);
        }
        int depth = shape.depth();
        for (int i = 0; shape.inverse() && i < shape.imageSize(); i += depth) {
            for (int c = 0; c < shape.channels(); c++) {
                values[i + shape.channels() + c] = 1 - values[i + c];
            }
        }
    }

    private void applyOne(float[] operations, int at) {
        int code = (int) operations[at];
        float number = operations[at + 1];
        if (code == AugmentationOperation.Kind.WARP.ordinal()) {
            warp(operations, at + 1);
        } else if (code == AugmentationOperation.Kind.BRIGHTNESS.ordinal()) {
            blend(0, number);
        } else if (code == AugmentationOperation.Kind.COLOUR.ordinal()) {
            colour(number);
        } else if (code == AugmentationOperation.Kind.CONTRAST.ordinal()) {
            blend(meanGrey() / 255f, number);
        } else if (code == AugmentationOperation.Kind.SHARPNESS.ordinal()) {
            sharpness(number);
        } else if (code == AugmentationOperation.Kind.POSTERISE.ordinal()) {
            posterise((int) number);
        } else if (code == AugmentationOperation.Kind.SOLARISE.ordinal()) {
            solarise(number);
        } else if (code == AugmentationOperation.Kind.AUTOCONTRAST.ordinal()) {
            for (int c = 0; c < shape.channels(); c++) {
                map(c, stretched(counts(c)));
            }
        } else if (code == AugmentationOperation.Kind.EQUALISE.ordinal()) {
            for (int c = 0; c < shape.channels(); c++) {
                map(c, equalised(counts(c)));
            }
        }
    }

    private void copyToScratch() {
        for (int p = 0; p < shape.positions(); p++) {
            System.arraycopy(values, p * shape.depth(), scratch, p * shape.depth() + scratchFirst, shape.channels());
        }
    }

    private void warp(float[] numbers, int at) {
        float a = numbers[at];
        float b = numbers[at + 1];
        float c = numbers[at + 2];
        float d = numbers[at + 3];
        float e = numbers[at + 4];
        float f = numbers[at + 5];
        int width = shape.width();
        copyToScratch();
        for (int p = 0; p < shape.positions(); p++) {
            float x = p % width + 0.5f;
            float y = p / width + 0.5f;
            float u = a * x + b * y + c;
            float w = d * x + e * y + f;
            boolean inside = u >= 0 && u < width && w >= 0 && w < shape.height();
            int from = inside ? ((int) w * width + (int) u) * shape.depth() + scratchFirst : 0;
            for (int channel = 0; channel < shape.channels(); channel++) {
                values[p * shape.depth() + channel] = inside ? scratch[from + channel] : 0;
            }
        }
    }

    /** Scales the distance of every value from {@code against}. */
    private void blend(float against, float factor) {
        for (int i = 0; i < shape.imageSize(); i += shape.depth()) {
            for (int c = 0; c < shape.channels(); c++) {
                values[i + c] = blended(against, values[i + c], factor);
            }
        }
    }

    private static float blended(float against, float value, float factor) {
        float result = against + factor * (value - against);
        return result > 0 ? Math.min(result, 1) : 0;
    }

    private void colour(float factor) {
        for (int i = 0; shape.channels() == 3 && i < shape.imageSize(); i += shape.depth()) {
            float grey = grey(i);
            for (int c = 0; c < 3; c++) {
                values[i + c] = blended(grey, values[i + c], factor);
            }
        }
    }

    /** Grey of the pixel whose first channel has that index. */
    private float grey(int at) {
        return shape.channels() == 1
                ? values[at]
                : Math.min(1, 0.299f * values[at] + 0.587f * values[at + 1] + 0.114f * values[at + 2]);
    }

    private long meanGrey() {
        long sum = 0;
        for (int i = 0; i < shape.imageSize(); i += shape.depth()) {
            sum += level(grey(i));
        }
        long count = shape.positions();
        return (2 * sum + count) / (2 * count);
    }

    private static int level(float value) {
        return Math.clamp((int) (255 * value + 0.5f), 0, LEVELS - 1);
    }

    private void sharpness(float factor) {
        int line = shape.width() * shape.depth();
        copyToScratch();
        for (int y = 1; y < shape.height() - 1; y++) {
            for (int x = 1; x < shape.width() - 1; x++) {
                int p = y * shape.width() + x;
                for (int c = 0; c < shape.channels(); c++) {
                    int centre = p * shape.depth() + scratchFirst + c;
                    float sum = 4 * scratch[centre];
                    for (int middle = centre - line; middle <= centre + line; middle += line) {
                        sum += scratch[middle - shape.depth()] + scratch[middle] + scratch[middle + shape.depth()];
                    }
                    values[p * shape.depth() + c] = blended(sum * THIRTEENTH, scratch[centre], factor);
                }
            }
        }
    }

    private void posterise(int bits) {
        int[] table = new int[LEVELS];
        for (int level = 0; level < LEVELS; level++) {
            table[level] = level & -1 << 8 - bits;
        }
        for (int c = 0; c < shape.channels(); c++) {
            map(c, table);
        }
    }

    private void solarise(float threshold) {
        for (int i = 0; i < shape.imageSize(); i += shape.depth()) {
            for (int c = 0; c < shape.channels(); c++) {
                float value = values[i + c];
                values[i + c] = value >= threshold ? 1 - value : value;
            }
        }
    }

    private int[] counts(int channel) {
        int[] counts = new int[LEVELS];
        for (int i = channel; i < shape.imageSize(); i += shape.depth()) {
            counts[level(values[i])]++;
        }
        return counts;
    }

    private static int[] stretched(int[] counts) {
        int lowest = 0;
        while (counts[lowest] == 0) {
            lowest++;
        }
        int range = highest(counts) - lowest;
        int[] table = new int[LEVELS];
        for (int level = 0; level < LEVELS; level++) {
            table[level] = range == 0 ? level : 255 * (level - lowest) / range;
        }
        return table;
    }

    private static int highest(int[] counts) {
        int highest = LEVELS - 1;
        while (counts[highest] == 0) {
            highest--;
        }
        return highest;
    }

    private int[] equalised(int[] counts) {
        int step = (shape.positions() - counts[highest(counts)]) / (LEVELS - 1);
        int[] table = new int[LEVELS];
        int darker = step / 2;
        for (int level = 0; level < LEVELS; level++) {
            table[level] = step == 0 ? level : Math.min(LEVELS - 1, darker / step);
            darker += counts[level];
        }
        return table;
    }

    private void map(int channel, int[] table) {
        for (int i = channel; i < shape.imageSize(); i += shape.depth()) {
            values[i] = table[level(values[i])] / 255f;
        }
    }
}
