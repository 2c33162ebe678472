package org.codanet.attribution.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An image of one colour that represents the absence of everything.
 *
 * @param colour one value in [0, 1] for all channels, or one for each channel; black is 0
 */
record Baseline(List<Float> colour) {
    static final Baseline BLACK = new Baseline(List.of(0f));

    /** @throws IllegalArgumentException if a value is out of range or there is none */
    Baseline {
        colour = List.copyOf(colour);
        if (colour.isEmpty() || !colour.stream().allMatch(value -> value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("baseline: the colour " + colour + " is not made of values from 0 to 1");
        }
    }

    /** {@return the baseline of a text such as {@code 0.5} or {@code 0.4,0.4,0.6}} */
    static Baseline parse(String text) {
        List<Float> colour = new ArrayList<>();
        for (String value : text.split(",", -1)) {
            try {
                colour.add(Float.parseFloat(value.strip()));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "baseline: " + text
                                + " is not a colour; write one value from 0 to 1, or one for each channel, such as 0.5"
                                + " or 0.4,0.4,0.6",
                        e);
            }
        }
        return new Baseline(colour);
    }

    /**
     * {@return the image (C, H, W)}
     *
     * @param area H W
     * @throws IllegalArgumentException if the colour has values for another number of channels
     */
    float[] image(int channels, int area) {
        if (colour.size() != 1 && colour.size() != channels) {
            throw new IllegalArgumentException("baseline: the colour " + colour + " has " + colour.size()
                    + " values, the images " + channels + " channels");
        }
        float[] image = new float[channels * area];
        for (int c = 0; c < channels; c++) {
            Arrays.fill(image, c * area, (c + 1) * area, colour.get(c % colour.size()));
        }
        return image;
    }
}
