package org.codanet.comparison;

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
}
