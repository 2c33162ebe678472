package org.codanet.model;

import java.util.Locale;

/**
 * How an image is prepared for the network: values in [0, 1], the shorter side resized, the centre cropped. The network itself appends the
 * inverse channels ({@link CodaNetConfig#addInverse}). No mean is subtracted.
 *
 * @param channels 3 for colour, 1 for grey
 * @param height rows of the images the network was trained on
 * @param width columns of the images the network was trained on
 * @param resize length of the shorter side in pixels before the centre is cropped; 0 if images have the right extents
 */
public record Preprocessing(int channels, int height, int width, int resize) {
    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if one is wrong
     */
    public Preprocessing {
        if (channels < 1 || height < 1 || width < 1 || resize < 0 || resize > 0 && resize < Math.max(height, width)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "preprocessing: %d channels of %d x %d pixels after resizing to %d cannot be made",
                    channels,
                    height,
                    width,
                    resize));
        }
    }
}
