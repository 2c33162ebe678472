package org.codanet.nn.op;

import java.util.Locale;

/**
 * One operation on one image, encoded as seven floats: a code and up to six numbers. {@link ImageAugmentation} defines each kind.
 *
 * @param kind what the operation does; its ordinal is the code
 * @param a the first number, for the kinds that have one
 * @param b the second number; this and the following are for {@link Kind#WARP} only
 * @param c the third
 * @param d the fourth
 * @param e the fifth
 * @param f the sixth
 */
public record AugmentationOperation(Kind kind, float a, float b, float c, float d, float e, float f) {
    /** Floats that encode one operation. */
    public static final int NUMBERS = 7;

    private static final Kind[] KINDS = Kind.values();

    /** The kinds of operation. The kernels know them by their ordinals. */
    public enum Kind {
        /** Nothing. */
        IDENTITY,
        /** Moves pixels by an affine map (a, b, c, d, e, f). */
        WARP,
        /** Scales the distance of each value from black. */
        BRIGHTNESS,
        /** Scales the distance of each value from its pixel's grey. */
        COLOUR,
        /** Scales the distance of each value from the image's mean grey. */
        CONTRAST,
        /** Scales the distance of each value from a blurred image. */
        SHARPNESS,
        /** Keeps the upper bits of each byte. */
        POSTERISE,
        /** Inverts values at or above a threshold. */
        SOLARISE,
        /** Stretches the levels to the whole range. */
        AUTOCONTRAST,
        /** Equalises the histogram. */
        EQUALISE
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is not finite, a factor or threshold is negative, or bits are not 1 to 8
     */
    public AugmentationOperation {
        for (float number : new float[] {a, b, c, d, e, f}) {
            if (!Float.isFinite(number)) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "image augmentation: %s by (%s, %s, %s, %s, %s, %s), must be finite",
                        kind,
                        a,
                        b,
                        c,
                        d,
                        e,
                        f));
            }
        }
        boolean fits = switch (kind) {
            case BRIGHTNESS, COLOUR, CONTRAST, SHARPNESS, SOLARISE -> a >= 0;
            case POSTERISE -> a >= 1 && a <= 8 && a == (int) a;
            case IDENTITY, WARP, AUTOCONTRAST, EQUALISE -> true;
        };
        if (!fits) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "image augmentation: %s by %s, must be %s",
                    kind,
                    a,
                    kind == Kind.POSTERISE ? "1 to 8 bits" : "0 or more"));
        }
    }

    private static AugmentationOperation of(Kind kind, float number) {
        return new AugmentationOperation(kind, number, 0, 0, 0, 0, 0);
    }

    /** Leaves the image unchanged. */
    public static AugmentationOperation identity() {
        return of(Kind.IDENTITY, 0);
    }

    /**
     * The output pixel (x, y) is the input pixel at (a x + b y + c, d x + e y + f). Coordinates are pixel centres: x = column + ½ and
     * y = row + ½.
     */
    public static AugmentationOperation warp(double a, double b, double c, double d, double e, double f) {
        return new AugmentationOperation(Kind.WARP, (float) a, (float) b, (float) c, (float) d, (float) e, (float) f);
    }

    /** Moves rows left by {@code alongX} pixels per row from the top, and columns up by {@code alongY} pixels per column from the left. */
    public static AugmentationOperation shear(double alongX, double alongY) {
        return warp(1, alongX, 0, alongY, 1, 0);
    }

    /** Moves the image left by {@code columns} and up by {@code rows}. */
    public static AugmentationOperation shift(int columns, int rows) {
        return warp(1, 0, columns, 0, 1, rows);
    }

    /** Rotates about the centre of an image of these extents, clockwise for a positive angle. */
    public static AugmentationOperation rotate(double radians, int height, int width) {
        double cos = Math.cos(radians);
        double sin = Math.sin(radians);
        double x = width / 2.0;
        double y = height / 2.0;
        return warp(cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y);
    }

    /** Scales the distance of each value from black. */
    public static AugmentationOperation brightness(float factor) {
        return of(Kind.BRIGHTNESS, factor);
    }

    /** Scales the distance of each value from its pixel's grey. */
    public static AugmentationOperation colour(float factor) {
        return of(Kind.COLOUR, factor);
    }

    /** Scales the distance of each value from the image's mean grey. */
    public static AugmentationOperation contrast(float factor) {
        return of(Kind.CONTRAST, factor);
    }

    /** Scales the distance of each value from a blurred image. */
    public static AugmentationOperation sharpness(float factor) {
        return of(Kind.SHARPNESS, factor);
    }

    /** Keeps that many of the eight bits, 1 to 8. */
    public static AugmentationOperation posterise(int bits) {
        return of(Kind.POSTERISE, bits);
    }

    /** Inverts values at or above the threshold. */
    public static AugmentationOperation solarise(float threshold) {
        return of(Kind.SOLARISE, threshold);
    }

    /** Stretches the range from the darkest to the brightest level to 0..255. */
    public static AugmentationOperation autocontrast() {
        return of(Kind.AUTOCONTRAST, 0);
    }

    /** Equalises the histogram. */
    public static AugmentationOperation equalise() {
        return of(Kind.EQUALISE, 0);
    }

    /** Writes the seven numbers from index {@code at} on. */
    public void write(float[] operations, int at) {
        float[] numbers = {kind.ordinal(), a, b, c, d, e, f};
        System.arraycopy(numbers, 0, operations, at, NUMBERS);
    }

    /** The operation that {@link #write} wrote at index {@code at}. @throws IllegalArgumentException if the numbers encode none */
    public static AugmentationOperation read(float[] operations, int at) {
        float code = operations[at];
        if (!(code >= 0 && code < KINDS.length && code == (int) code)) {
            throw new IllegalArgumentException("image augmentation: there is no operation with the code " + code
                    + "; codes are 0 to " + (KINDS.length - 1));
        }
        return new AugmentationOperation(
                KINDS[(int) code],
                operations[at + 1],
                operations[at + 2],
                operations[at + 3],
                operations[at + 4],
                operations[at + 5],
                operations[at + 6]);
    }
}
