package org.codanet.comparison;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.Grid;
import org.codanet.nn.tensor.Shape;

/**
 * The localisation metric: each class of a multi-image is explained, and the positive values of its map should lie in the cell of its
 * image.
 *
 * @param variant the metric: on the network itself, or on one that reads each cell alone
 */
record Localisation(AttributedNetwork network, TestImages images, List<Grid> grids, Metric variant)
        implements Measurement {
    @Override
    public int count() {
        return grids.size();
    }

    /** {@return for each cell of a grid the share of the map of its class that lies in it} */
    @Override
    public double[] row(AttributionMethod method, int number) {
        Grid grid = grids.get(number);
        List<float[]> pixels = new ArrayList<>();
        grid.images().forEach(index -> pixels.add(images.image(index)));
        int height = images.height();
        int width = images.width();
        float[] whole = grid.compose(pixels, images.channels(), height, width);
        Shape shape = Shape.of(1, images.channels(), grid.side() * height, grid.side() * width);
        RawImages.Floats image = new RawImages.Floats(whole, shape);
        Attribution maps = variant == Metric.LOCALISATION
                ? method.attribute(network, image, List.of(grid.classes()))
                : method.attribute(
                        new DisconnectedNetwork(network, grid, variant == Metric.DIFULL),
                        image,
                        List.of(IntStream.range(0, grid.cells()).boxed().toList()));
        double[] scores = new double[grid.cells()];
        for (int cell = 0; cell < scores.length; cell++) {
            scores[cell] = grid.shares(maps.map(0, cell), height, width)[cell];
        }
        return scores;
    }
}
