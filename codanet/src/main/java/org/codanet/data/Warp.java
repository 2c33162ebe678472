package org.codanet.data;

/** Images sheared, shifted and turned: each output pixel is the nearest input pixel, or black. */
final class Warp {
    private Warp() {}

    /** Rows moved by {@code alongX} pixels per row from the top, columns by {@code alongY} per column from the left. */
    static Pixels shear(Pixels image, double alongX, double alongY) {
        return map(image, 1, alongX, 0, alongY, 1, 0);
    }

    /** Everything moved left by so many columns, up by so many rows. */
    static Pixels shift(Pixels image, int columns, int rows) {
        return CentreCrop.cut(image, rows, columns, image.height(), image.width());
    }

    /** Turned about the centre. */
    static Pixels rotate(Pixels image, double radians) {
        double cos = Math.cos(radians);
        double sin = Math.sin(radians);
        double x = image.width() / 2.0;
        double y = image.height() / 2.0;
        return map(image, cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y);
    }

    /** The output's (x, y) comes from the input's (a x + b y + c, d x + e y + f), both being centres of pixels. */
    private static Pixels map(Pixels image, double a, double b, double c, double d, double e, double f) {
        int height = image.height();
        int width = image.width();
        Pixels result = Pixels.black(image.channels(), height, width);
        int plane = height * width;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int fromX = (int) Math.floor(a * (x + 0.5) + b * (y + 0.5) + c);
                int fromY = (int) Math.floor(d * (x + 0.5) + e * (y + 0.5) + f);
                if (fromX >= 0 && fromX < width && fromY >= 0 && fromY < height) {
                    for (int channel = 0; channel < image.channels(); channel++) {
                        result.values()[channel * plane + y * width + x] =
                                image.values()[channel * plane + fromY * width + fromX];
                    }
                }
            }
        }
        return result;
    }
}
