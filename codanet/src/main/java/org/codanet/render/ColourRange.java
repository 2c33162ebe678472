package org.codanet.render;

import java.util.Arrays;
import java.util.List;

/**
 * The range of contributions that colours show. Contributions of {@code limit} and more have full red, contributions of
 * {@code -limit} and less have full blue. The range is symmetric, so white means zero in every picture.
 *
 * @param limit positive and finite
 */
public record ColourRange(float limit) {
    /** Percentile for the range of one image. It leaves out extreme values of one pixel in ten thousand. */
    public static final double ONE_IMAGE = 99.99;
    /** Percentile for a range that several images share, whose extreme values differ more. */
    public static final double IMAGE_SET = 99.75;

    public ColourRange {
        if (!(limit > 0) || Float.isInfinite(limit)) {
            throw new IllegalArgumentException("colour range: the limit must be positive and finite, got " + limit);
        }
    }

    /** The {@value #ONE_IMAGE}th percentile of the magnitudes of one map. */
    public static ColourRange of(SignedMap map) {
        return ofPercentile(List.of(map), ONE_IMAGE);
    }

    /** The {@value #IMAGE_SET}th percentile of the magnitudes of all maps. Colours can then be compared between maps. */
    public static ColourRange overSet(List<SignedMap> maps) {
        return ofPercentile(maps, IMAGE_SET);
    }

    /**
     * The percentile of |value| over all pixels of all maps, interpolated linearly between ranks. If it is zero, the range is
     * the largest magnitude; if all values are zero, the range is 1.
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
        // Nearly all values are zero. The largest magnitude still shows the others.
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

    /** The position of a value in the range: -1 is full blue, 0 is white, 1 is full red. */
    double position(float value) {
        return Math.max(-1, Math.min(1, (double) value / limit));
    }
}
