package org.codanet.data.image;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The extents of an image in pixels.
 *
 * @param height rows, at least 1
 * @param width columns, at least 1
 */
public record ImageSize(int height, int width) {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})(?:[xX×]([0-9]{1,6}))?");

    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public ImageSize {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "image size: %d rows and %d columns make no image", height, width));
        }
    }

    /**
     * {@return the size that a text describes, such as {@code 64} for a square or {@code 240x320} for height and width}
     *
     * @throws IllegalArgumentException if the text does not describe a size
     */
    public static ImageSize parse(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "image size: '" + text + "' is not a size in pixels such as 64 or 240x320 (height x width)");
        }
        int height = Integer.parseInt(form.group(1));
        return new ImageSize(height, form.group(2) == null ? height : Integer.parseInt(form.group(2)));
    }

    /** {@return the length of the shorter side} */
    public int shorterSide() {
        return Math.min(height, width);
    }

    /** {@return the length of the longer side} */
    public int longerSide() {
        return Math.max(height, width);
    }

    /** {@return a text for messages, with the width first} */
    @Override
    public String toString() {
        return width + " x " + height;
    }
}
