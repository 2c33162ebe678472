package org.codanet.comparison;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.data.transform.SeededRandom;
import org.codanet.metrics.MapErrors;
import org.codanet.nn.tensor.Shape;

/** Metrics of the map of each image for its label: completeness, and stability under noise. */
final class MapErrorRows {
    private static final int COPIES = 10;
    private static final float RADIUS = 0.02f;

    /** Distinguishes the random numbers of the noise from others with the same seed. */
    private static final int NOISE_EPOCH = 2;

    private final AttributedNetwork network;
    private final TestImages images;
    private final int[] order;
    private final long seed;

    MapErrorRows(AttributedNetwork network, TestImages images, ComparisonSettings settings) {
        this.network = network;
        this.images = images;
        this.order = settings.order(images.count());
        this.seed = settings.seed();
    }

    /** {@return the completeness error of each image} */
    Measurement completeness() {
        int pixels = images.height() * images.width();
        float[] black = network.logits(new RawImages.Floats(
                new float[images.channels() * pixels],
                Shape.of(1, images.channels(), images.height(), images.width())));
        float[] zero = network.logitsOfInput(new RawImages.Floats(
                new float[network.inputChannels() * pixels],
                Shape.of(1, network.inputChannels(), images.height(), images.width())));
        return rows((method, index) -> {
            int label = images.label(index);
            float[] map = map(method, images.batch(index, 1), label);
            float[] logits = network.logits(images.batch(index, 1));
            float[] reference = method.attributesNetworkInput() ? zero : black;
            return new double[] {
                MapErrors.completeness(map, method.explained(logits, label), method.explained(reference, label))
            };
        });
    }

    /** {@return for each image the distances between its map and the maps of noisy copies} */
    Measurement stability() {
        return rows((method, index) -> {
            int label = images.label(index);
            float[] map = map(method, images.batch(index, 1), label);
            double[] distances = new double[COPIES];
            for (int copy = 0; copy < COPIES; copy++) {
                distances[copy] = MapErrors.distance(map, map(method, noisy(index, copy), label));
            }
            return distances;
        });
    }

    private RawImages.Floats noisy(int index, int copy) {
        RawImages.Floats image = images.batch(index, 1);
        SeededRandom random = new SeededRandom(seed, NOISE_EPOCH, (long) index * COPIES + copy);
        float[] values = image.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.clamp(values[i] + RADIUS * (float) (2 * random.nextDouble() - 1), 0f, 1f);
        }
        return new RawImages.Floats(values, image.shape());
    }

    private float[] map(AttributionMethod method, RawImages.Floats image, int label) {
        return method.attribute(network, image, List.of(List.of(label))).map(0, 0);
    }

    /** Measures one image. */
    private interface Row {
        double[] of(AttributionMethod method, int index);
    }

    private Measurement rows(Row row) {
        return new Measurement() {
            @Override
            public int count() {
                return order.length;
            }

            @Override
            public double[] row(AttributionMethod method, int number) {
                return row.of(method, order[number]);
            }
        };
    }
}
