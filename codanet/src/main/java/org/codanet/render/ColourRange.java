package org.codanet.render;

import java.util.Arrays;
import java.util.List;

/**
 * What full colour means: contributions of {@code limit} and more are fully red, of {@code -limit} and less fully blue. The
 * range is symmetric, so that white is zero in every picture.
 *
 * @param limit positive; maps of nothing but zeros get 1
 */
public record ColourRange(float limit) {
    /** Cut-off of one image's own range: all but the one pixel in ten thousand that would wash out the rest. */
    public static final double ONE_IMAGE = 99.99;
    /** Cut-off of a range shared by a set of images, whose extremes lie further apart. */
    public static final double IMAGE_SET = 99.75;

    public ColourRange {
        if (!(limit > 0) || Float.isInfinite(limit)) {
            throw new IllegalArgumentException("colour range: the limit must be positive and finite, got " + limit);
        }
    }

    /** The {@value #ONE_IMAGE}th percentile of one map's magnitudes. */
    public static ColourRange of(SignedMap map) {
        return ofPercentile(List.of(map), ONE_IMAGE);
    }

    /** The {@value #IMAGE_SET}th percentile over all maps: their colours can be compared with each other. */
    public static ColourRange overSet(List<SignedMap> maps) {
        return ofPercentile(maps, IMAGE_SET);
    }

    /**
     * The percentile of |value| over all pixels of all maps, interpolated linearly between ranks.
     *
     * @param percentile above 0, at most 100
     * @throws IllegalArgumentException if there is no map or the percentile is outside its bounds
     */
    public static ColourRange ofPercentile(List<SignedMap> maps, double percentile) {
        if (maps.isEmpty()) {
            throw new IllegalArgumentException("colour range: no map to take a percentile of");
        }
        if (!(percentile > 0 && percentile <= 100)) {
            throw new IllegalArgumentException("colour range: the percentile must be in (0, 100], got " + percentile);
        }
        float[] magnitudes = sorted(maps);
        double rank = percentile / 100 * (magnitudes.length - 1);
        int below = (int) rank;
        int above = Math.min(below + 1, magnitudes.length - 1);
        double value = magnitudes[below] + (rank - below) * ((double) magnitudes[above] - magnitudes[below]);
        if ((float) value > 0) {
            return new ColourRange((float) value);
        }
        // More zeros than the percentile leaves room for: the largest magnitude still shows what is there.
        float largest = magnitudes[magnitudes.length - 1];
        return new ColourRange(largest > 0 ? largest : 1);
    }

    private static float[] sorted(List<SignedMap> maps) {
        if (maps.size() == 1) {
            return maps.getFirst().sortedMagnitudes();
        }
        int count = maps.stream().mapToInt(map -> map.height() * map.width()).reduce(0, Math::addExact);
        float[] all = new float[count];
        int next = 0;
        for (SignedMap map : maps) {
            float[] one = map.sortedMagnitudes();
            System.arraycopy(one, 0, all, next, one.length);
            next += one.length;
        }
        Arrays.sort(all);
        return all;
    }

    /** {@code value} on the range: -1 fully blue, 0 white, 1 fully red. */
    double position(float value) {
        return Math.max(-1, Math.min(1, (double) value / limit));
    }
}
