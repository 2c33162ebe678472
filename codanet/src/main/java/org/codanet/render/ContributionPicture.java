package org.codanet.render;

import java.awt.image.BufferedImage;

/**
 * Pictures of a {@link SignedMap}. Red pixels raise the logit, blue pixels lower it, white pixels are neutral. A picture has one
 * pixel per value of the map; {@link Picture#enlarged} enlarges it.
 */
public final class ContributionPicture {
    /** Colours of the largest positive and of the largest negative contribution, 0xRRGGBB. */
    static final int RED = 0xd7191c;

    static final int BLUE = 0x1f5fe0;

    private static final int WHITE = 0xffffff;
    /** Opacity of full colour in an overlay. The grey input shows through. */
    private static final double OVERLAY_STRENGTH = 0.85;

    private static final double OVERLAY_EXPONENT = 0.7;

    private ContributionPicture() {}

    /** The map in colours: an RGB picture with the extents of the map. */
    public static BufferedImage colours(SignedMap map, ColourRange range) {
        BufferedImage picture = new BufferedImage(map.width(), map.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < map.height(); y++) {
            for (int x = 0; x < map.width(); x++) {
                picture.setRGB(x, y, colour(range.position(map.at(y, x))));
            }
        }
        return picture;
    }

    /**
     * The map on a grey copy of the input. The opacity of the colour grows with the magnitude of the contribution, so neutral
     * pixels keep their grey.
     *
     * @throws IllegalArgumentException if input and map differ in extents
     */
    public static BufferedImage overlay(SignedMap map, ColourRange range, BufferedImage input) {
        if (input.getWidth() != map.width() || input.getHeight() != map.height()) {
            throw new IllegalArgumentException("overlay: the map is " + map.height() + " x " + map.width()
                    + ", the input " + input.getHeight() + " x " + input.getWidth());
        }
        BufferedImage picture = new BufferedImage(map.width(), map.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < map.height(); y++) {
            for (int x = 0; x < map.width(); x++) {
                double position = range.position(map.at(y, x));
                int grey = grey(input.getRGB(x, y));
                int full = position < 0 ? BLUE : RED;
                // On a grey photograph, a tenth of full colour is invisible. An exponent below 1 makes small
                // contributions visible.
                double cover = OVERLAY_STRENGTH * Math.pow(Math.abs(position), OVERLAY_EXPONENT);
                picture.setRGB(x, y, blend(grey, full, cover));
            }
        }
        return picture;
    }

    /** The colour bar of a legend, {@code width} by {@code height} pixels: full blue at the left, white, full red at the right. */
    public static BufferedImage scale(int width, int height) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < width; x++) {
            int colour = colour(width == 1 ? 0 : 2.0 * x / (width - 1) - 1);
            for (int y = 0; y < height; y++) {
                picture.setRGB(x, y, colour);
            }
        }
        return picture;
    }

    /** Colour of a position in [-1, 1]. */
    static int colour(double position) {
        return blend(WHITE, position < 0 ? BLUE : RED, Math.abs(position));
    }

    private static int grey(int rgb) {
        // Rec. 601 luma.
        int luma = (int) Math.round(0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255));
        return luma << 16 | luma << 8 | luma;
    }

    private static int blend(int from, int to, double share) {
        return mix(from >> 16, to >> 16, share) << 16 | mix(from >> 8, to >> 8, share) << 8 | mix(from, to, share);
    }

    private static int mix(int from, int to, double share) {
        return (int) Math.round((from & 255) + share * ((to & 255) - (from & 255)));
    }
}
