package org.codanet.attribution.method;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.NetworkAttribution;
import org.codanet.data.batch.RawImages;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenResNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the methods on ResNets with PyTorch in float64, on every device. */
final class GoldenResNetAttributionTest {
    private static final double FLOAT32 = 1e-4;

    /** For maps that follow from a backward pass through twenty layers. */
    private static final double GRADIENT = 1e-3;

    /** An activation that is almost 0 may have another sign in float32, and change the gradient of the pixels below it. */
    private static final double SHARE_BESIDE_ZERO = 0.02;

    static Stream<Arguments> networks() {
        return TestDevices.with(GoldenResNet.all());
    }

    @ParameterizedTest
    @MethodSource("networks")
    void mapsOfGradientMethodsAreThoseOfPyTorch(String deviceName, GoldenResNet golden) {
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = NetworkAttribution.of(golden.open(device, scope), 0);
            RawImages.Floats images = golden.images("images");
            GoldenFile file = golden.file();
            for (String name : List.of("grad", "ixg", "gb", "deeplift", "intgrad")) {
                if (file.has(name + "_raw")) {
                    Attribution attribution =
                            AttributionMethods.of(name, Map.of()).attribute(network, images, golden.targets());
                    assertTrue(attribution.remark().isEmpty(), name);
                    assertNearExceptBesideZero(name, file.floats(name + "_raw"), attribution.values());
                }
            }
            Attribution gcam = AttributionMethods.of("gcam", Map.of()).attribute(network, images, golden.targets());
            assertNear("gcam", file.floats("gcam_raw"), gcam.values(), FLOAT32);
        }
    }

    private static void assertNearExceptBesideZero(String what, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        int far = 0;
        for (int i = 0; i < expected.length; i++) {
            // A NaN is far, too.
            if (!(Math.abs(actual[i] - expected[i]) <= GRADIENT * largest)) {
                far++;
            }
        }
        assertTrue(
                far <= SHARE_BESIDE_ZERO * expected.length,
                what + ": " + far + " of " + expected.length + " values differ by more than " + GRADIENT * largest);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void deepLiftAddsUpToTheChangeOfTheLogit(String deviceName, GoldenResNet golden) {
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = NetworkAttribution.of(golden.open(device, scope), 0);
            RawImages.Floats images = golden.images("images");
            float[] logits = network.logits(images);
            float[] black = golden.file().floats("logits_black");
            List<List<Integer>> targets = golden.targets();
            Attribution attribution =
                    AttributionMethods.of("deeplift", Map.of()).attribute(network, images, targets);
            for (int n = 0; n < images.count(); n++) {
                for (int t = 0; t < targets.get(n).size(); t++) {
                    int k = targets.get(n).get(t);
                    double sum = 0;
                    for (float value : attribution.map(n, t)) {
                        sum += value;
                    }
                    assertEquals(
                            logits[n * network.classes() + k] - black[k], sum, 2e-4, "image " + n + ", class " + k);
                }
            }
        }
    }

    /** The reference device would take minutes for two thousand forward passes. */
    static Stream<Arguments> fastNetworks() {
        return networks().filter(arguments -> !arguments.get()[0].equals(TestDevices.REFERENCE));
    }

    @ParameterizedTest
    @MethodSource("fastNetworks")
    void mapsOfMethodsThatPerturbTheImageAreTheAuthors(String deviceName, GoldenResNet golden) {
        GoldenFile file = golden.file();
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = NetworkAttribution.of(golden.open(device, scope), 0);
            RawImages.Floats images = golden.images("images");
            if (file.has("occ_k5_s2_raw")) {
                Attribution occlusion = AttributionMethods.of("occ5", Map.of("window", "original"))
                        .attribute(network, images, golden.targets());
                assertNear("occlusion", file.floats("occ_k5_s2_raw"), occlusion.values(), FLOAT32);
            }
            if (file.has("rise_raw")) {
                Map<String, String> settings = Map.of(
                        "masks", file.tensor("rise_grid").shape().getFirst().toString(),
                        "cells", file.tensor("rise_grid").shape().get(1).toString(),
                        "seed", Long.toString(file.longs("rise_seed")[0]));
                Attribution rise = AttributionMethods.of("rise", settings).attribute(network, images, golden.targets());
                assertNear("rise", file.floats("rise_raw"), rise.values(), FLOAT32);
            }
            for (int kernel : file.has("lime_k1_raw") ? List.of(1, 4) : List.<Integer>of()) {
                lime(network, golden, kernel);
            }
        }
    }

    private static void lime(AttributedNetwork network, GoldenResNet golden, int kernel) {
        GoldenFile file = golden.file();
        RawImages.Floats images = golden.images("images");
        List<List<Integer>> targets = golden.targets();
        int area = images.shape().extent(2) * images.shape().extent(3);
        String prefix = "lime_k" + kernel + "_";
        byte[] superpixels = file.tensor(prefix + "segments").toBytes();
        for (int n = 0; n < images.count(); n++) {
            Lime lime =
                    new Lime(256, 3, new Quickshift(kernel, 200, 0.2), Math.toIntExact(file.longs(prefix + "seed")[n]));
            RawImages.Floats image = (RawImages.Floats) images.part(n, 1);
            int[] segments = new int[area];
            for (int i = 0; i < area; i++) {
                segments[i] = superpixels[n * area + i];
            }
            double[][] coefficients = lime.coefficients(
                    network,
                    Maps.of(lime, network, image, List.of(targets.get(n))),
                    image.values(),
                    segments,
                    targets.get(n));
            int width = targets.get(n).size();
            for (int t = 0; t < width; t++) {
                int start = (n * width + t) * area;
                assertArrayEquals(
                        Arrays.copyOfRange(file.floats(prefix + "raw"), start, start + area),
                        lime.map(coefficients[t], segments),
                        prefix + "image " + n + ", target " + t);
            }
        }
    }

    /** More than one micro-batch, and several targets of one image, give the maps of a single call. */
    @ParameterizedTest
    @MethodSource("networks")
    void mapsDoNotDependOnTheOtherImagesOfTheCall(String deviceName, GoldenResNet golden) {
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = NetworkAttribution.of(golden.open(device, scope), 0);
            RawImages.Floats images = golden.images("images");
            for (String name : List.of("gb", "deeplift", "gcam")) {
                Attribution all = AttributionMethods.of(name, Map.of()).attribute(network, images, golden.targets());
                Attribution last = AttributionMethods.of(name, Map.of())
                        .attribute(
                                network,
                                (RawImages.Floats) images.part(images.count() - 1, 1),
                                List.of(golden.targets().getLast()));
                assertNear(name, all.map(images.count() - 1, 0), last.map(0, 0), 1e-5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void aResNetHasNoContributionsOfItsOwn(String deviceName, GoldenResNet golden) {
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = NetworkAttribution.of(golden.open(device, scope), 0);
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> AttributionMethods.of("ours", Map.of())
                                    .attribute(network, golden.images("images"), golden.targets()))
                    .getMessage();
            assertTrue(message.contains("no contributions of its own"), message);
        }
    }
}
