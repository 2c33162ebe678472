package org.codanet.comparison;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.codanet.attribution.AttributedNetwork.ActivationMaps;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.CodaNetAttribution;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.Grid;
import org.codanet.metrics.Protocol;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;

/** DiFull and DiPart on a small CoDA-Net and one grid of four images. */
final class DisconnectedNetworkTest {
    private static final int SIZE = Toys.SIZE;
    private static final int CELLS = 4;
    private static final Grid GRID = new Grid(List.of(0, 1, 2, 3), List.of(2, 0, 3, 1), Protocol.ORIGINAL);

    private static void withNetwork(Consumer<CodaNetAttribution> body) {
        CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(5, 4, 3, 1, 1)
                .layer(4, 3, 3, 2, 1)
                .temperature(2)
                .build();
        try (Device device = TestDevices.open("cpu");
                Scope scope = Scope.open("disconnected")) {
            body.accept(new CodaNetAttribution(CodaNet.create(config, LossKind.BCE, device, scope, 3), 0));
        }
    }

    private static TestImages images() {
        return TestImages.of(Toys.images(CELLS, CELLS, 1));
    }

    private static RawImages.Floats whole() {
        TestImages images = images();
        List<float[]> pixels = GRID.images().stream().map(images::image).toList();
        return new RawImages.Floats(GRID.compose(pixels, 3, SIZE, SIZE), Shape.of(1, 3, 2 * SIZE, 2 * SIZE));
    }

    @Test
    void exactMethodsScoreOneOnDiFull() {
        withNetwork(network -> {
            Localisation difull = new Localisation(network, images(), List.of(GRID), Metric.DIFULL);
            for (String name : List.of("ours", "ixg", "intgrad")) {
                AttributionMethod method = AttributionMethods.of(name, Map.of());
                assertArrayEquals(new double[] {1, 1, 1, 1}, difull.row(method, 0), name);
            }
        });
    }

    /** Otherwise the test above could pass because the metric always gives 1. */
    @Test
    void otherVariantsScoreLess() {
        withNetwork(network -> {
            AttributionMethod ours = AttributionMethods.of("ours", Map.of());
            for (Metric variant : List.of(Metric.DIPART, Metric.LOCALISATION)) {
                double[] scores = new Localisation(network, images(), List.of(GRID), variant).row(ours, 0);
                assertTrue(Arrays.stream(scores).allMatch(s -> s < 0.9), variant + " " + Arrays.toString(scores));
            }
        });
    }

    @Test
    void outputsAreThoseOfTheCells() {
        withNetwork(network -> {
            float[] alone = network.logits(images().batch(0, CELLS));
            float[] full = new DisconnectedNetwork(network, GRID, true).logits(whole());
            float[] part = new DisconnectedNetwork(network, GRID, false).logits(whole());
            for (int cell = 0; cell < CELLS; cell++) {
                int k = GRID.classes().get(cell);
                assertEquals(alone[cell * 4 + k], full[cell], 1e-5);
                double mean = 0;
                for (int other = 0; other < CELLS; other++) {
                    mean += alone[other * 4 + k] / CELLS;
                }
                assertEquals(mean, part[cell], 1e-5);
            }
        });
    }

    @Test
    void contributionsAddUpToTheOutputs() {
        withNetwork(network -> {
            float zero = network.logitsOfInput(
                            new RawImages.Floats(new float[6 * SIZE * SIZE], Shape.of(1, 6, SIZE, SIZE)))[0];
            for (boolean full : new boolean[] {true, false}) {
                DisconnectedNetwork disconnected = new DisconnectedNetwork(network, GRID, full);
                float[] outputs = disconnected.logits(whole());
                float[] maps = disconnected.contributions(whole(), List.of(List.of(3, 1)));
                int size = maps.length / 2;
                for (int t = 0; t < 2; t++) {
                    double sum = 0;
                    for (int i = t * size; i < (t + 1) * size; i++) {
                        sum += maps[i];
                    }
                    assertEquals(outputs[t == 0 ? 3 : 1] - zero, sum, 1e-4);
                }
            }
        });
    }

    @Test
    void mapsOfALayerAreThoseOfTheCells() {
        withNetwork(network -> {
            ActivationMaps maps =
                    new DisconnectedNetwork(network, GRID, true).activationMaps(whole(), List.of(List.of(1)));
            ActivationMaps alone = network.activationMaps(images().batch(1, 1), List.of(List.of(0)));
            assertEquals(2 * alone.height(), maps.height());
            for (int y = 0; y < maps.height(); y++) {
                for (int x = 0; x < maps.width(); x++) {
                    // Cell 1 is the lower left one: cells go column by column.
                    boolean inside = y >= alone.height() && x < alone.width();
                    float expected = inside ? alone.values()[(y - alone.height()) * alone.width() + x] : 0;
                    assertEquals(expected, maps.values()[y * maps.width() + x], 1e-6);
                }
            }
        });
    }
}
