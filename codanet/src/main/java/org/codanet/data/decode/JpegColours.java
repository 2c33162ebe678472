package org.codanet.data.decode;

import org.codanet.data.image.Pixels;

/**
 * The colour spaces of JPEG files, recognised by the rules of libjpeg ({@code default_decompress_parms} in jdapimin.c), and their
 * conversion to red, green and blue with libjpeg's rounding.
 */
enum JpegColours {
    GREY,
    RGB,
    YCBCR,
    CMYK,
    YCCK;

    /** The transform number of a file without Adobe's segment. */
    static final int NO_ADOBE = -1;

    /**
     * {@return the colour space of a file}
     *
     * @param ids the identifiers of its 1, 3 or 4 components
     * @param jfif whether it has a JFIF segment
     * @param adobeTransform the last byte of Adobe's segment, or {@link #NO_ADOBE}
     */
    static JpegColours of(int[] ids, boolean jfif, int adobeTransform) {
        return switch (ids.length) {
            case 1 -> GREY;
            case 3 -> ofThree(ids, jfif, adobeTransform);
            case 4 -> adobeTransform == NO_ADOBE || adobeTransform == 0 ? CMYK : YCCK;
            default -> throw new IllegalArgumentException("JPEG: " + ids.length + " components have no colour space");
        };
    }

    private static JpegColours ofThree(int[] ids, boolean jfif, int adobeTransform) {
        if (jfif) {
            return YCBCR;
        }
        if (adobeTransform != NO_ADOBE) {
            return adobeTransform == 0 ? RGB : YCBCR;
        }
        return ids[0] == 'R' && ids[1] == 'G' && ids[2] == 'B' ? RGB : YCBCR;
    }

    /**
     * {@return (1, H, W) for grey, (3, H, W) otherwise}
     *
     * @param samples the samples in the order row, pixel, component
     */
    Pixels toPixels(byte[] samples, int height, int width) {
        int components = this == GREY ? 1 : this == RGB || this == YCBCR ? 3 : 4;
        Pixels pixels = Pixels.black(this == GREY ? 1 : 3, height, width);
        float[] values = pixels.values();
        int plane = height * width;
        for (int i = 0; i < plane; i++) {
            int at = i * components;
            int first = samples[at] & 255;
            if (this == GREY) {
                values[i] = first / 255f;
                continue;
            }
            int red = first;
            int green = samples[at + 1] & 255;
            int blue = samples[at + 2] & 255;
            if (this == YCBCR || this == YCCK) {
                int cb = green - 128;
                int cr = blue - 128;
                // The constants are 1.402, 0.34414, 0.71414 and 1.772 in fixed point with 16 fractional bits.
                red = level(first + (91881 * cr + 32768 >> 16));
                green = level(first + (-22554 * cb - 46802 * cr + 32768 >> 16));
                blue = level(first + (116130 * cb + 32768 >> 16));
            }
            if (this == CMYK || this == YCCK) {
                int key = samples[at + 3] & 255;
                // Adobe's programs store 255 minus the ink. Pillow assumes this for every file, with or without Adobe's
                // segment.
                red = ink(this == YCCK ? 255 - red : red, key);
                green = ink(this == YCCK ? 255 - green : green, key);
                blue = ink(this == YCCK ? 255 - blue : blue, key);
            }
            values[i] = red / 255f;
            values[plane + i] = green / 255f;
            values[2 * plane + i] = blue / 255f;
        }
        return pixels;
    }

    private static int level(int value) {
        return Math.clamp(value, 0, 255);
    }

    /** Pillow's {@code convert("RGB")} of CMYK: the key minus the ink times the key. The key and the other inks are stored inverted. */
    private static int ink(int stored, int key) {
        int product = (255 - stored) * key + 128;
        return level(key - ((product >> 8) + product >> 8));
    }
}
