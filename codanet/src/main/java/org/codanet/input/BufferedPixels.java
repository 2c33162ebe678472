package org.codanet.input;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import org.codanet.data.image.Pixels;

/** Converts AWT images to pixels in the same way as picture files: sample values without colour profiles, without transparency. */
public final class BufferedPixels {
    private BufferedPixels() {}

    /**
     * The samples of an image, divided by their largest value.
     *
     * @param image of any extents; its orientation is not changed, because a {@code BufferedImage} has no Exif data
     * @return (1, H, W) for grey images, (3, H, W) as red, green, blue for all others; in [0, 1]
     */
    public static Pixels of(BufferedImage image) {
        ColorModel colours = image.getColorModel();
        boolean grey = colours.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        boolean rgb = colours.getColorSpace().getType() == ColorSpace.TYPE_RGB;
        boolean samples = (grey || rgb)
                && !(colours instanceof IndexColorModel)
                && !colours.isAlphaPremultiplied()
                && hasUnsignedSamples(image.getRaster());
        return samples ? ofSamples(image.getRaster(), grey ? 1 : 3, colours.getComponentSize()) : ofSrgb(image);
    }

    private static boolean hasUnsignedSamples(Raster raster) {
        int type = raster.getDataBuffer().getDataType();
        return type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT || type == DataBuffer.TYPE_INT;
    }

    /** {@code getRGB} would convert grey and 16-bit samples by a colour profile, so the raster is read directly. */
    private static Pixels ofSamples(Raster raster, int channels, int[] bits) {
        int height = raster.getHeight();
        int width = raster.getWidth();
        float[] values = new float[Math.multiplyExact(channels, Math.multiplyExact(height, width))];
        int[] row = new int[width];
        for (int c = 0; c < channels; c++) {
            float largest = (1L << bits[c]) - 1;
            for (int y = 0; y < height; y++) {
                raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, c, row);
                int start = (c * height + y) * width;
                for (int x = 0; x < width; x++) {
                    values[start + x] = row[x] / largest;
                }
            }
        }
        return new Pixels(channels, height, width, values);
    }

    /** Palettes, premultiplied colours and other colour spaces, converted to sRGB by AWT. */
    private static Pixels ofSrgb(BufferedImage image) {
        int height = image.getHeight();
        int width = image.getWidth();
        int area = Math.multiplyExact(height, width);
        float[] values = new float[Math.multiplyExact(3, area)];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    values[c * area + y * width + x] = (row[x] >> 16 - 8 * c & 255) / 255f;
                }
            }
        }
        return new Pixels(3, height, width, values);
    }
}
