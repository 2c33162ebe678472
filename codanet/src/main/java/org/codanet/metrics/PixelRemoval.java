package org.codanet.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which pixels of an image are removed at each point of a removal curve. Point 0 is the whole image, and each further point removes
 * some more pixels in the order of a map. Source: paper, section 4.2.
 *
 * @param removal which pixels are removed first
 * @param share of the pixels that are removed at the last point, above 0 and up to 1
 * @param points number of points of the curve, without point 0
 * @param protocol decides the order of equal pixels and the number of pixels between two points
 */
public record PixelRemoval(Removal removal, double share, int points, Protocol protocol) {
    /** @throws IllegalArgumentException if share or points is out of its range */
    public PixelRemoval {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException(
                    "pixel removal: the share of pixels is " + share + ", not above 0 and up to 1");
        }
        if (points < 1) {
            throw new IllegalArgumentException("pixel removal: " + points + " points are no curve");
        }
    }

    /**
     * {@return the number of removed pixels at each point, point 0 included}
     *
     * @param pixels H W
     * @throws IllegalArgumentException if fewer pixels are removed than there are points
     */
    public List<Integer> counts(int pixels) {
        int most = (int) (share * pixels);
        if (most < points) {
            throw new IllegalArgumentException("pixel removal: " + points
                    + " points need as many pixels, and a share of " + share + " of " + pixels + " pixels is " + most);
        }
        List<Integer> counts = new ArrayList<>();
        if (protocol == Protocol.ORIGINAL) {
            int stride = most / points;
            for (int count = 0; count <= most; count += stride) {
                counts.add(count);
            }
        } else {
            for (int m = 0; m <= points; m++) {
                counts.add((int) Math.round((double) m * most / points));
            }
        }
        return List.copyOf(counts);
    }

    /**
     * {@return the indices of the pixels that are removed, in the order of their removal}
     *
     * @param importance the map (H, W), summed over channels
     * @throws IllegalArgumentException if a value is not a number
     */
    public int[] order(float[] importance) {
        for (float value : importance) {
            if (Float.isNaN(value)) {
                throw new IllegalArgumentException("pixel removal: the map holds a value that is not a number");
            }
        }
        int[] order = PixelOrder.of(importance, removal, protocol);
        return Arrays.copyOf(order, (int) (share * importance.length));
    }
}
