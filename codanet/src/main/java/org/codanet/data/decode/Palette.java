package org.codanet.data.decode;

import org.codanet.data.image.Pixels;

/**
 * The colours of a picture whose samples are indices. Transparency is ignored, as Pillow's {@code convert("RGB")} does. An index
 * beyond the last entry means black, as in Pillow.
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
     * @param entries number of colours; those that the file is too short for are black
     * @param stride bytes per colour: 3, or 4 with an unused one
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

    /** {@return (3, H, W) for the indices of a picture, row by row} */
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
