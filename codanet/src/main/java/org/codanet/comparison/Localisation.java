package org.codanet.comparison;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.Grid;
import org.codanet.nn.tensor.Shape;

/**
 * The localisation metric: each class of a multi-image is explained, and the positive values of its map should lie in the cell of its
 * image.
 */
final class Localisation {
    private final AttributedNetwork network;
    private final TestImages images;
    private final List<Grid> grids;

    Localisation(AttributedNetwork network, TestImages images, List<Grid> grids) {
        this.network = network;
        this.images = images;
        this.grids = grids;
    }

    /** {@return the number of grids} */
    int count() {
        return grids.size();
    }

    /** {@return for each cell of a grid the share of the map of its class that lies in it} */
    double[] scores(AttributionMethod method, int number) {
        Grid grid = grids.get(number);
        List<float[]> pixels = new ArrayList<>();
        grid.images().forEach(index -> pixels.add(images.image(index)));
        int height = images.height();
        int width = images.width();
        float[] whole = grid.compose(pixels, images.channels(), height, width);
        Shape shape = Shape.of(1, images.channels(), grid.side() * height, grid.side() * width);
        Attribution maps = method.attribute(
                network, new RawImages.Floats(whole, shape), Collections.singletonList(grid.classes()));
        double[] scores = new double[grid.cells()];
        for (int cell = 0; cell < scores.length; cell++) {
            scores[cell] = grid.shares(maps.map(0, cell), height, width)[cell];
        }
        return scores;
    }
}
