package org.codanet.attribution.method;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.NumpyRandom;

/**
 * The mean of random soft masks, weighted by the probability that the network gives the masked image. The random numbers are NumPy's, so
 * that the masks are those of the published code. Source: Petsiuk et al., 2018.
 *
 * @param masks number of masks
 * @param cells s; each mask is drawn on s × s cells
 * @param p probability that a cell keeps its pixels
 * @param seed of the masks
 */
record Rise(int masks, int cells, double p, int seed) implements AttributionMethod {
    @Override
    public String name() {
        return "rise";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return 1;
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        float[] values = maps.values();
        int channels = network.imageChannels();
        int chunk = maps.chunk(channels);
        for (int n = 0; n < maps.images; n++) {
            float[] image = Maps.image(images, n);
            double[] sums = maps.sums();
            Source source = new Source(maps.height, maps.width);
            for (int first = 0; first < masks; first += chunk) {
                int count = Math.min(chunk, masks - first);
                float[][] some = new float[count][];
                float[] masked = Maps.copies(image, count);
                for (int i = 0; i < count; i++) {
                    some[i] = source.next();
                    for (int at = 0; at < image.length; at++) {
                        masked[i * image.length + at] *= some[i][at % maps.area()];
                    }
                }
                float[] probabilities = network.probabilities(network.logits(maps.batch(masked, count)));
                for (int i = 0; i < count; i++) {
                    for (int t = 0; t < maps.targets; t++) {
                        double weight = probabilities[
                                        i * network.classes() + targets.get(n).get(t)]
                                / (masks * p);
                        for (int at = 0; at < maps.area(); at++) {
                            sums[t * maps.area() + at] += weight * some[i][at];
                        }
                    }
                }
            }
            maps.write(sums, n, values);
        }
        return maps.attribution(values, null);
    }

    /**
     * Generates the masks one after another. NumPy draws the cells of all masks before the first shift, so cells and shifts have a
     * generator each.
     */
    final class Source {
        private final int height;
        private final int width;
        private final int cellHeight;
        private final int cellWidth;
        private final NumpyRandom cellDraws = new NumpyRandom(seed);
        private final NumpyRandom shiftDraws = new NumpyRandom(seed);

        Source(int height, int width) {
            this.height = height;
            this.width = width;
            this.cellHeight = Math.ceilDiv(height, cells);
            this.cellWidth = Math.ceilDiv(width, cells);
            for (long i = 0; i < (long) masks * cells * cells; i++) {
                shiftDraws.nextDouble();
            }
        }

        /** {@return the next mask (H, W), from 0 to 1} */
        float[] next() {
            double[] grid = new double[cells * cells];
            for (int i = 0; i < grid.length; i++) {
                grid[i] = cellDraws.nextDouble() < p ? 1 : 0;
            }
            int down = shiftDraws.nextUpTo(cellHeight - 1);
            int right = shiftDraws.nextUpTo(cellWidth - 1);
            float[] mask = new float[height * width];
            for (int y = 0; y < height; y++) {
                Interpolation row = interpolation(y + down, (cells + 1) * cellHeight);
                for (int x = 0; x < width; x++) {
                    Interpolation column = interpolation(x + right, (cells + 1) * cellWidth);
                    mask[y * width + x] = (float) (row.share(0) * row(grid, row.first(), column)
                            + row.share(1) * row(grid, row.second(), column));
                }
            }
            return mask;
        }

        private double row(double[] grid, int row, Interpolation column) {
            return column.share(0) * grid[row * cells + column.first()]
                    + column.share(1) * grid[row * cells + column.second()];
        }

        /** The position of a pixel on the grid of cells, with half-pixel centres. Borders are mirrored without repeating the edge. */
        private Interpolation interpolation(int pixel, int extent) {
            double at = (pixel + 0.5) * cells / extent - 0.5;
            int below = (int) Math.floor(at);
            return new Interpolation(mirrored(below), mirrored(below + 1), at - below);
        }

        private int mirrored(int cell) {
            if (cells == 1) {
                return 0;
            }
            return cell < 0 ? -cell : cell >= cells ? 2 * (cells - 1) - cell : cell;
        }
    }

    /** Two neighbouring cells and the fraction of the way from the first to the second. */
    private record Interpolation(int first, int second, double fraction) {
        double share(int cell) {
            return cell == 0 ? 1 - fraction : fraction;
        }
    }
}
