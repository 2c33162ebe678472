package org.codanet.attribution.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.CodaNetAttribution;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract of every method, and results that can be calculated by hand. */
final class AttributionTest {
    private static final int IMAGES = 2;

    private static <T> T withNetwork(Function<CodaNetAttribution, T> body) {
        try (Device device = TestDevices.open("cpu");
                Scope scope = Scope.open("attribution")) {
            return body.apply(
                    new CodaNetAttribution(CodaNet.create(Toys.network(), LossKind.BCE, device, scope, 3), 0));
        }
    }

    private static RawImages.Floats images() {
        int size = IMAGES * 3 * Toys.SIZE * Toys.SIZE;
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = i * 37 % 101 / 101f;
        }
        return new RawImages.Floats(values, Shape.of(IMAGES, 3, Toys.SIZE, Toys.SIZE));
    }

    private static final List<List<Integer>> TARGETS = List.of(List.of(2, 0), List.of(1, 2));

    private static Map<String, String> quick(String method) {
        return switch (method) {
            case "rise" -> Map.of("masks", "20");
            case "lime" -> Map.of("samples", "20");
            case "smoothgrad" -> Map.of("samples", "4");
            default -> Map.of();
        };
    }

    @Nested
    class EveryMethod {
        @Test
        void givesTheSameBitsFromAnyThread() {
            withNetwork(network -> {
                try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
                    for (String name : AttributionMethods.names()) {
                        AttributionMethod method = AttributionMethods.of(name, quick(name));
                        float[] first =
                                method.attribute(network, images(), TARGETS).values();
                        Future<float[]> second = threads.submit(() ->
                                method.attribute(network, images(), TARGETS).values());
                        assertArrayEquals(first, second.get(), name);
                    }
                    return null;
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
        }

        @Test
        void explainsAnImageWithoutRegardToTheOthers() {
            withNetwork(network -> {
                for (String name : AttributionMethods.names()) {
                    AttributionMethod method = AttributionMethods.of(name, quick(name));
                    Attribution both = method.attribute(network, images(), TARGETS);
                    Attribution alone =
                            method.attribute(network, (RawImages.Floats) images().part(1, 1), TARGETS.subList(1, 2));
                    assertArrayEquals(alone.channels(0, 1), both.channels(1, 1), name);
                }
                return null;
            });
        }

        @Test
        void hasMapsOfTheImagesSize() {
            withNetwork(network -> {
                for (String name : AttributionMethods.names()) {
                    AttributionMethod method = AttributionMethods.of(name, quick(name));
                    Shape shape = method.attribute(network, images(), TARGETS).shape();
                    assertEquals(Shape.of(IMAGES, 2, method.channels(network), Toys.SIZE, Toys.SIZE), shape, name);
                }
                return null;
            });
        }

        @Test
        void refusesAClassThatDoesNotExist() {
            withNetwork(network -> {
                for (String name : AttributionMethods.names()) {
                    AttributionMethod method = AttributionMethods.of(name, quick(name));
                    IllegalArgumentException refusal = assertThrows(
                            IllegalArgumentException.class,
                            () -> method.attribute(network, images(), List.of(List.of(0), List.of(3))),
                            name);
                    assertTrue(refusal.getMessage().contains("there is no class 3"), refusal.getMessage());
                }
                return null;
            });
        }
    }

    @Nested
    class Memory {
        /** With one thread, because the threads allocate their workspaces when they first get work, which varies from run to run. */
        private long peak(String name, Map<String, String> settings) {
            try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
                    Scope scope = Scope.open("peak")) {
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, scope, 3);
                AttributionMethods.of(name, settings).attribute(new CodaNetAttribution(net, 0), images(), TARGETS);
                return device.memory().peak();
            }
        }

        @Test
        void doesNotGrowWithTheNumberOfSteps() {
            assertEquals(peak("intgrad", Map.of("n_steps", "64")), peak("intgrad", Map.of("n_steps", "640")));
        }

        @Test
        void doesNotGrowWithTheNumberOfMasks() {
            assertEquals(peak("rise", Map.of("masks", "300")), peak("rise", Map.of("masks", "3000")));
        }

        @Test
        void doesNotGrowWithTheNumberOfSamples() {
            assertEquals(peak("smoothgrad", Map.of("samples", "64")), peak("smoothgrad", Map.of("samples", "640")));
        }
    }

    @Nested
    class Contributions {
        @Test
        void relativeToTheMeanLogitAddUpToItsDifference() {
            withNetwork(network -> {
                Attribution relative =
                        AttributionMethods.of("ours_relative", Map.of()).attribute(network, images(), TARGETS);
                float[] logits = network.logits(images());
                double sum = 0;
                for (float value : relative.channels(0, 0)) {
                    sum += value;
                }
                assertEquals(logits[2] - (logits[0] + logits[1] + logits[2]) / 3.0, sum, 1e-4);
                return null;
            });
        }
    }

    @Nested
    class Gradients {
        @Test
        void agreeWithFiniteDifferences() {
            withNetwork(network -> {
                float[] gradient = AttributionMethods.of("grad", Map.of())
                        .attribute(network, images(), TARGETS)
                        .channels(0, 0);
                for (int at : new int[] {0, 60, 146}) {
                    float[] up = images().values().clone();
                    float[] down = images().values().clone();
                    up[at] += 0.01f;
                    down[at] -= 0.01f;
                    double difference = network.logits(new RawImages.Floats(up, images().shape()))[2]
                            - network.logits(new RawImages.Floats(down, images().shape()))[2];
                    assertEquals(difference / 0.02, gradient[at], 2e-3, "pixel value " + at);
                }
                return null;
            });
        }
    }

    @Nested
    class Windows {
        @Test
        void areCentredOnTheirStretch() {
            Occlusion occlusion = new Occlusion(5, 2, Occlusion.Window.EXACT);
            assertEquals(
                    List.of(
                            new Occlusion.Range(0, 3),
                            new Occlusion.Range(0, 5),
                            new Occlusion.Range(2, 7),
                            new Occlusion.Range(4, 8)),
                    occlusion.ranges(8));
        }

        @Test
        void ofThePublishedCodeAreOnePixelShort() {
            Occlusion occlusion = new Occlusion(5, 2, Occlusion.Window.ORIGINAL);
            assertEquals(new Occlusion.Range(2, 6), occlusion.ranges(8).get(2));
        }

        @Test
        void ofThePublishedCodeNeedSidesThatTheStrideDivides() {
            withNetwork(network -> assertThrows(
                    IllegalArgumentException.class,
                    () -> AttributionMethods.of("occlusion", Map.of("window", "original"))
                            .attribute(network, images(), TARGETS)));
        }
    }

    @Nested
    class TheQuadrature {
        @Test
        void isExactForPolynomials() {
            Quadrature quadrature = Quadrature.gaussLegendre(5);
            for (int degree = 0; degree <= 9; degree++) {
                double sum = 0;
                for (int i = 0; i < 5; i++) {
                    sum += quadrature.weight(i) * Math.pow(quadrature.node(i), degree);
                }
                assertEquals(1.0 / (degree + 1), sum, 1e-14, "degree " + degree);
            }
        }
    }

    @Nested
    class Settings {
        @Test
        void haveDefaults() {
            assertEquals(
                    Map.of("size", "5", "stride", "2", "window", "exact"), AttributionMethods.defaults("occlusion"));
            assertEquals(Map.of(), AttributionMethods.defaults("grad"));
        }

        @Test
        void thatAreUnknownAreRefusedWithTheKnownOnes() {
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class, () -> AttributionMethods.of("intgrad", Map.of("steps", "5")));
            assertEquals("intgrad has no setting steps; it has n_steps, baseline", refusal.getMessage());
        }

        @Test
        void outOfRangeAreRefused() {
            for (Map<String, String> wrong : List.of(
                    Map.of("n_steps", "0"),
                    Map.of("n_steps", "many"),
                    Map.of("baseline", "2"),
                    Map.of("baseline", "x"))) {
                assertThrows(
                        IllegalArgumentException.class,
                        () -> AttributionMethods.of("intgrad", wrong),
                        wrong.toString());
            }
        }

        @Test
        void ofABaselineMayNameAColour() {
            assertArrayEquals(
                    new float[] {0.5f, 0.5f, 0, 0, 1, 1},
                    Baseline.parse("0.5, 0, 1").image(3, 2));
        }

        @Test
        void ofAnUnknownMethodAreRefused() {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> AttributionMethods.of("magic", Map.of()))
                    .getMessage()
                    .startsWith("there is no attribution method magic; there are ours,"));
        }

        @Test
        void changeTheMaps() {
            withNetwork(network -> {
                float[] one = AttributionMethods.of("smoothgrad", Map.of("samples", "4", "seed", "1"))
                        .attribute(network, images(), TARGETS)
                        .values();
                float[] two = AttributionMethods.of("smoothgrad", Map.of("samples", "4", "seed", "2"))
                        .attribute(network, images(), TARGETS)
                        .values();
                assertNotEquals(Arrays.hashCode(one), Arrays.hashCode(two));
                return null;
            });
        }
    }
}
