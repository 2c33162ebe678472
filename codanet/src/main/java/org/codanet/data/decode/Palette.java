package org.codanet.data.decode;

import org.codanet.data.image.Pixels;

/**
 * The colours of a picture whose samples are indices. Transparency is ignored, as in Pillow's {@code convert("RGB")}. An index beyond
 * the last entry is black, as in Pillow.
 */
final class Palette {
    private final int[] rgb = new int[256];

    private Palette() {}

    /** {@return the palette where index i is the grey i/255} */
    static Palette greys() {
        Palette palette = new Palette();
        for (int i = 0; i < 256; i++) {
            palette.rgb[i] = i * 0x010101;
        }
        return palette;
    }

    /**
     * {@return the colours at an offset of a file}
     *
     * @param entries the number of colours; colours beyond the end of the file are black
     * @param stride the bytes per colour: 3, or 4 if the last byte is unused
     * @param blueFirst whether a colour is stored as blue, green, red
     */
    static Palette read(byte[] bytes, int at, int entries, int stride, boolean blueFirst) {
        Palette palette = new Palette();
        for (int i = 0; i < Math.min(entries, 256) && at + i * stride + 3 <= bytes.length; i++) {
            int first = bytes[at + i * stride] & 255;
            int second = bytes[at + i * stride + 1] & 255;
            int third = bytes[at + i * stride + 2] & 255;
            palette.rgb[i] = blueFirst ? third << 16 | second << 8 | first : first << 16 | second << 8 | third;
        }
        return palette;
    }

    /** {@return the colours of a picture, (3, H, W), given its indices in row-major order} */
    Pixels colours(byte[] indices, int height, int width) {
        Pixels pixels = Pixels.black(3, height, width);
        float[] values = pixels.values();
        int plane = height * width;
        for (int i = 0; i < plane; i++) {
            int colour = rgb[indices[i] & 255];
            values[i] = (colour >> 16) / 255f;
            values[plane + i] = (colour >> 8 & 255) / 255f;
            values[2 * plane + i] = (colour & 255) / 255f;
        }
        return pixels;
    }
}
