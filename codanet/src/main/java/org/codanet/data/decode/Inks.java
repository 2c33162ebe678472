package org.codanet.data.decode;

import java.awt.image.Raster;
import org.codanet.data.image.Pixels;

/**
 * JPEG pictures in printing inks, which the JDK hands over unconverted: cyan, magenta, yellow and black, or luma and chroma of
 * those three and black. Adobe's programs store them inverted, and say so by their marker. Red is then cyan times black.
 */
final class Inks {
    private Inks() {}

    /**
     * {@return red, green and blue}
     *
     * @param raster four bands of bytes
     * @param adobeTransform 2 for luma and chroma, 0 for inks, -1 for inks that are not inverted
     */
    static Pixels toColours(Raster raster, int adobeTransform) {
        int height = raster.getHeight();
        int width = raster.getWidth();
        int plane = height * width;
        Pixels pixels = Pixels.black(3, height, width);
        int[] inks = new int[4];
        for (int i = 0; i < plane; i++) {
            raster.getPixel(raster.getMinX() + i % width, raster.getMinY() + i / width, inks);
            if (adobeTransform == 2) {
                float luma = inks[0];
                float blue = inks[1] - 128;
                float red = inks[2] - 128;
                inks[0] = level(luma + 1.402f * red);
                inks[1] = level(luma - 0.344136f * blue - 0.714136f * red);
                inks[2] = level(luma + 1.772f * blue);
            }
            for (int c = 0; c < 3; c++) {
                int colour = adobeTransform < 0 ? 255 - inks[c] : inks[c];
                int black = adobeTransform < 0 ? 255 - inks[3] : inks[3];
                pixels.values()[c * plane + i] = Math.round(colour * black / 255f) / 255f;
            }
        }
        return pixels;
    }

    private static int level(float value) {
        return Math.round(Math.clamp(value, 0, 255));
    }
}
