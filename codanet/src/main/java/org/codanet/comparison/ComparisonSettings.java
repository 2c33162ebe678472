package org.codanet.comparison;

import java.util.Arrays;
import java.util.List;
import org.codanet.data.transform.SeededRandom;
import org.codanet.metrics.PixelRemoval;
import org.codanet.metrics.Protocol;
import org.codanet.metrics.Removal;

/**
 * How the metrics are measured. The defaults are those of the paper.
 *
 * @param protocol the corrected rules or those of the published code
 * @param side s; a grid of the localisation metric has s² cells
 * @param grids the largest number of grids
 * @param images the largest number of images with a removal curve
 * @param share of the pixels that are removed at the last point of a curve
 * @param points number of points of a curve, without point 0
 * @param seed of the corrected sampling and of the bootstrap intervals
 */
public record ComparisonSettings(
        Protocol protocol, int side, int grids, int images, double share, int points, long seed) {
    /** Distinguishes the random numbers of the order from others with the same seed. */
    private static final int ORDER_EPOCH = 3;

    /** @throws IllegalArgumentException if a number is out of its range */
    public ComparisonSettings {
        if (side < 2 || grids < 1 || images < 1) {
            throw new IllegalArgumentException("comparison: " + grids + " grids of " + side + " x " + side
                    + " cells and " + images + " images; there must be at least one grid of 2 x 2 cells and one image");
        }
        new PixelRemoval(Removal.LEAST_IMPORTANT_FIRST, share, points, protocol);
    }

    /** {@return 500 grids of 3 × 3, and 1,024 curves of 129 points up to a quarter of the pixels} */
    public static ComparisonSettings ofThePaper(Protocol protocol) {
        return new ComparisonSettings(protocol, 3, 500, 1024, 0.25, 128, 0);
    }

    /** {@return which pixels are removed at which point} */
    public PixelRemoval pixelRemoval(Removal removal) {
        return new PixelRemoval(removal, share, points, protocol);
    }

    /**
     * {@return the indices of the images whose maps are measured one by one} In the corrected protocol they are drawn at random, because a data
     * set may be sorted by class. The first ones do not depend on {@link #images}, so that a run can be continued with more images.
     *
     * @param count number of images of the data set
     */
    int[] order(int count) {
        int[] order = new int[count];
        Arrays.setAll(order, i -> i);
        SeededRandom random = new SeededRandom(seed, ORDER_EPOCH, 0);
        for (int i = 0; i < count - 1 && protocol == Protocol.CORRECTED; i++) {
            int j = i + random.nextInt(count - i);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return Arrays.copyOf(order, Math.min(images, count));
    }

    /** {@return the replacement of all pixels in deletion and insertion, which have one protocol only} */
    public PixelRemoval replacementOfAll() {
        return new PixelRemoval(Removal.MOST_IMPORTANT_FIRST, 1, points, Protocol.CORRECTED);
    }

    /**
     * {@return the percentage of replaced pixels at each point of a curve}
     *
     * @param metric of curves
     * @param pixels H W of an image
     */
    public List<Double> percentOfPixels(Metric metric, int pixels) {
        PixelRemoval replacement =
                metric.replacesAllPixels() ? replacementOfAll() : pixelRemoval(Removal.LEAST_IMPORTANT_FIRST);
        return replacement.counts(pixels).stream()
                .map(count -> 100.0 * count / pixels)
                .toList();
    }
}
