package org.codanet.nn.op;

/**
 * One change to one image, in seven numbers: a code and up to six more. What each does is told by {@link ImageAugmentation}.
 *
 * @param kind what is done; its ordinal is the code
 * @param a the first number, of those kinds that have one
 * @param b the second; from here on {@link Kind#WARP}'s alone
 * @param c the third
 * @param d the fourth
 * @param e the fifth
 * @param f the sixth
 */
public record AugmentationOperation(Kind kind, float a, float b, float c, float d, float e, float f) {
    /** Floats that a step takes. */
    public static final int NUMBERS = 7;

    private static final Kind[] KINDS = Kind.values();

    /** What can be done; the kernels know these by their places. */
    public enum Kind {
        /** Nothing. */
        IDENTITY,
        /** Pixels moved by an affine map (a, b, c, d, e, f). */
        WARP,
        /** Nearer to or further from black, by a factor. */
        BRIGHTNESS,
        /** Nearer to or further from each pixel's own grey, by a factor. */
        COLOUR,
        /** Nearer to or further from the image's mean grey, by a factor. */
        CONTRAST,
        /** Nearer to or further from a blur, by a factor. */
        SHARPNESS,
        /** The upper bits of each byte kept: how many. */
        POSTERISE,
        /** What is as bright as a threshold inverted. */
        SOLARISE,
        /** Levels stretched to the whole range. */
        AUTOCONTRAST,
        /** Levels spread by how many pixels have them. */
        EQUALISE
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not finite, a factor or threshold is negative, or bits are not 1 to 8
     */
    public AugmentationOperation {
        for (float number : new float[] {a, b, c, d, e, f}) {
            if (!Float.isFinite(number)) {
                throw new IllegalArgumentException("image augmentation: %s by (%s, %s, %s, %s, %s, %s), must be finite"
                        .formatted(kind, a, b, c, d, e, f));
            }
        }
        boolean fits = switch (kind) {
            case BRIGHTNESS, COLOUR, CONTRAST, SHARPNESS, SOLARISE -> a >= 0;
            case POSTERISE -> a >= 1 && a <= 8 && a == (int) a;
            case IDENTITY, WARP, AUTOCONTRAST, EQUALISE -> true;
        };
        if (!fits) {
            throw new IllegalArgumentException("image augmentation: %s by %s, must be %s"
                    .formatted(kind, a, kind == Kind.POSTERISE ? "1 to 8 bits" : "0 or more"));
        }
    }

    private static AugmentationOperation of(Kind kind, float number) {
        return new AugmentationOperation(kind, number, 0, 0, 0, 0, 0);
    }

    /** The image as it is. */
    public static AugmentationOperation identity() {
        return of(Kind.IDENTITY, 0);
    }

    /**
     * The output's pixel (x, y) is the input's at (a x + b y + c, d x + e y + f), both being centres of pixels: x = column + ½ and
     * y = row + ½.
     */
    public static AugmentationOperation warp(double a, double b, double c, double d, double e, double f) {
        return new AugmentationOperation(Kind.WARP, (float) a, (float) b, (float) c, (float) d, (float) e, (float) f);
    }

    /** Rows moved left by {@code alongX} pixels per row from the top, columns up by {@code alongY} per column from the left. */
    public static AugmentationOperation shear(double alongX, double alongY) {
        return warp(1, alongX, 0, alongY, 1, 0);
    }

    /** Everything moved left by so many columns and up by so many rows. */
    public static AugmentationOperation shift(int columns, int rows) {
        return warp(1, 0, columns, 0, 1, rows);
    }

    /** Turned about the centre of an image of these extents, with the clock where the angle is positive. */
    public static AugmentationOperation rotate(double radians, int height, int width) {
        double cos = Math.cos(radians);
        double sin = Math.sin(radians);
        double x = width / 2.0;
        double y = height / 2.0;
        return warp(cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y);
    }

    /** Away from black by a factor. */
    public static AugmentationOperation brightness(float factor) {
        return of(Kind.BRIGHTNESS, factor);
    }

    /** Away from each pixel's own grey by a factor. */
    public static AugmentationOperation colour(float factor) {
        return of(Kind.COLOUR, factor);
    }

    /** Away from the mean grey by a factor. */
    public static AugmentationOperation contrast(float factor) {
        return of(Kind.CONTRAST, factor);
    }

    /** Away from a blur by a factor. */
    public static AugmentationOperation sharpness(float factor) {
        return of(Kind.SHARPNESS, factor);
    }

    /** So many of the eight bits kept, 1 to 8. */
    public static AugmentationOperation posterise(int bits) {
        return of(Kind.POSTERISE, bits);
    }

    /** Inverted from this value on. */
    public static AugmentationOperation solarise(float threshold) {
        return of(Kind.SOLARISE, threshold);
    }

    /** From the darkest level to the brightest made 0 to 255. */
    public static AugmentationOperation autocontrast() {
        return of(Kind.AUTOCONTRAST, 0);
    }

    /** Levels in proportion to how many pixels are darker. */
    public static AugmentationOperation equalise() {
        return of(Kind.EQUALISE, 0);
    }

    /** Writes the seven numbers from index {@code at} on. */
    public void write(float[] steps, int at) {
        float[] numbers = {kind.ordinal(), a, b, c, d, e, f};
        System.arraycopy(numbers, 0, steps, at, NUMBERS);
    }

    /** What {@link #write} wrote there. @throws IllegalArgumentException if these are no numbers of a step */
    public static AugmentationOperation read(float[] steps, int at) {
        float code = steps[at];
        if (!(code >= 0 && code < KINDS.length && code == (int) code)) {
            throw new IllegalArgumentException("image augmentation: there is no step with the code " + code
                    + "; codes are 0 to " + (KINDS.length - 1));
        }
        return new AugmentationOperation(
                KINDS[(int) code],
                steps[at + 1],
                steps[at + 2],
                steps[at + 3],
                steps[at + 4],
                steps[at + 5],
                steps[at + 6]);
    }
}
