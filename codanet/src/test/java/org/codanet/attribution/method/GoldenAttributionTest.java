package org.codanet.attribution.method;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.CodaNetAttribution;
import org.codanet.bindings.testing.Skip;
import org.codanet.data.batch.RawImages;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares every method with the authors' code in float64, on every device. */
final class GoldenAttributionTest {
    /** Tolerance for float32 arithmetic, relative to the largest value of a map. */
    private static final double FLOAT32 = 1e-4;

    /** Tolerance where twenty gradients are summed and multiplied by a difference. */
    private static final double INTEGRATED = 1e-3;

    static Stream<Arguments> files() {
        List<GoldenFile> files = GoldenFolder.ofKind("eval_explainers").toList();
        return files.isEmpty() ? Stream.of(Arguments.of("no", null)) : TestDevices.with(files.stream());
    }

    @ParameterizedTest
    @MethodSource("files")
    void mapsAreTheAuthors(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = network(file, device, scope);
            RawImages.Floats images = images(file, "images");
            List<List<Integer>> targets = targets(file, "targets");
            for (String name : List.of("ours", "grad", "ixg", "gb", "deeplift", "gcam")) {
                Attribution attribution = AttributionMethods.of(name, Map.of()).attribute(network, images, targets);
                assertNear(name, file.floats(name + "_raw"), attribution.values(), FLOAT32);
                assertEquals(
                        name.equals("gb") || name.equals("deeplift"),
                        attribution.remark().isPresent(),
                        name);
            }
            Attribution integrated =
                    AttributionMethods.of("intgrad", Map.of("n_steps", "20")).attribute(network, images, targets);
            assertNear("intgrad", file.floats("intgrad_raw"), integrated.values(), INTEGRATED);
            for (String setting : List.of("k5_s2", "k9_s2", "k4_s2", "k4_s4")) {
                Map<String, String> settings =
                        Map.of("size", setting.substring(1, 2), "stride", setting.substring(4), "window", "original");
                Attribution occlusion =
                        AttributionMethods.of("occlusion", settings).attribute(network, images, targets);
                assertNear("occlusion " + setting, file.floats("occ_" + setting + "_raw"), occlusion.values(), FLOAT32);
            }
            Map<String, String> settings = Map.of(
                    "masks", file.tensor("rise_masks").shape().getFirst().toString(),
                    "cells", file.tensor("rise_grid").shape().get(1).toString(),
                    "seed", Long.toString(file.longs("rise_seed")[0]));
            Attribution rise = AttributionMethods.of("rise", settings).attribute(network, images, targets);
            assertNear("rise", file.floats("rise_raw"), rise.values(), FLOAT32);
        }
    }

    /**
     * Uses the authors' superpixels. The tiles of these images repeat, so some densities differ only by the added noise, and that noise
     * differs from the authors'.
     */
    @ParameterizedTest
    @MethodSource("files")
    void limeFitsTheAuthorsCoefficients(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = network(file, device, scope);
            RawImages.Floats images = images(file, "lime_images");
            List<List<Integer>> targets = targets(file, "lime_targets");
            int area = images.shape().extent(2) * images.shape().extent(3);
            for (int kernel : List.of(1, 4)) {
                String prefix = "lime_k" + kernel + "_";
                byte[] superpixels = file.tensor(prefix + "segments").toBytes();
                for (int n = 0; n < images.count(); n++) {
                    Lime lime = new Lime(
                            256, 3, new Quickshift(kernel, 200, 0.2), Math.toIntExact(file.longs(prefix + "seed")[n]));
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
                    String name = prefix + "img" + n + "_coef";
                    int count = file.shape(name).get(1);
                    for (int t = 0; t < targets.get(n).size(); t++) {
                        int k = targets.get(n).get(t);
                        double[] expected = Arrays.copyOfRange(file.doubles(name), k * count, (k + 1) * count);
                        assertNear(name + " of class " + k, expected, coefficients[t], FLOAT32);
                        int start = (n * targets.get(n).size() + t) * area;
                        assertArrayEquals(
                                Arrays.copyOfRange(file.floats(prefix + "raw"), start, start + area),
                                lime.map(coefficients[t], segments),
                                prefix + "image " + n + ", class " + k);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void superpixelsAreTheAuthors(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        int height = file.shape("lime_images").get(2);
        int width = file.shape("lime_images").get(3);
        int area = height * width;
        float[] noise = file.floats("quickshift_noise_times_1e5");
        double[] scaled = new double[noise.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = noise[i] * 1e-5;
        }
        for (int kernel : List.of(1, 4)) {
            Quickshift quickshift = new Quickshift(kernel, 200, 0.2);
            for (int n = 0; n < file.shape("lime_images").getFirst(); n++) {
                float[] image = Maps.image(images(file, "lime_images"), n);
                double[] colours = quickshift.lab(image, area);
                double[] density = quickshift.density(colours, height, width, scaled);
                assertNear("density", file.doubles("lime_k" + kernel + "_img" + n + "_density"), density, 1e-5);
                int[] segments = quickshift.roots(colours, density, height, width);
                byte[] expected = file.tensor("lime_k" + kernel + "_segments").toBytes();
                for (int i = 0; i < area; i++) {
                    assertEquals(expected[n * area + i], segments[i], "image " + n + ", pixel " + i);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void masksOfRiseAreTheAuthors(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        List<Integer> shape = file.shape("rise_masks");
        int size = shape.get(2);
        Rise rise = new Rise(
                shape.getFirst(), file.shape("rise_grid").get(1), 0.1, Math.toIntExact(file.longs("rise_seed")[0]));
        Rise.Source source = rise.new Source(size, size);
        float[] expected = file.floats("rise_masks");
        float[] masks = new float[expected.length];
        for (int i = 0; i < shape.getFirst(); i++) {
            System.arraycopy(source.next(), 0, masks, i * size * size, size * size);
        }
        assertNear("rise_masks", expected, masks, 1e-6);
    }

    @ParameterizedTest
    @MethodSource("files")
    void completenessErrorOfIntegratedGradientsFallsWithTheSteps(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = network(file, device, scope);
            RawImages.Floats images = images(file, "images");
            List<List<Integer>> targets = targets(file, "targets");
            double few = completenessError(network, images, targets, 5);
            double many = completenessError(network, images, targets, 80);
            assertTrue(many < few / 4, "error of 80 steps " + many + ", of 5 steps " + few);
        }
    }

    private static double completenessError(
            AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets, int steps) {
        Attribution attribution = AttributionMethods.of("intgrad", Map.of("n_steps", Integer.toString(steps)))
                .attribute(network, images, targets);
        float[] logits = network.logits(images);
        float[] black = network.logits(new RawImages.Floats(new float[images.values().length], images.shape()));
        double worst = 0;
        for (int n = 0; n < images.count(); n++) {
            for (int t = 0; t < targets.get(n).size(); t++) {
                int at = n * network.classes() + targets.get(n).get(t);
                double sum = 0;
                for (float value : attribution.map(n, t)) {
                    sum += value;
                }
                worst = Math.max(worst, Math.abs(sum - (logits[at] - black[at])));
            }
        }
        return worst;
    }

    private static AttributedNetwork network(GoldenFile file, Device device, Scope scope) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        for (String name : file.content().names()) {
            if (name.startsWith("weights.")) {
                weights.put(name.substring("weights.".length()), file.tensor(name));
            }
        }
        CodaNet net = CodaNet.of(
                GoldenFile.network(file.config().getAsJsonObject("net")),
                LossKind.BCE,
                new NamedTensors(weights),
                device,
                scope);
        return new CodaNetAttribution(net, 0);
    }

    /** A byte of these files stands for byte / 256, which float32 represents exactly. */
    private static RawImages.Floats images(GoldenFile file, String name) {
        List<Integer> shape = file.shape(name);
        float[] values = file.floats(name);
        for (int i = 0; i < values.length; i++) {
            values[i] /= 256;
        }
        return new RawImages.Floats(
                values, Shape.of(shape.stream().mapToInt(Integer::intValue).toArray()));
    }

    private static List<List<Integer>> targets(GoldenFile file, String name) {
        int width = file.shape(name).get(1);
        List<List<Integer>> targets = new ArrayList<>();
        long[] all = file.longs(name);
        for (int at = 0; at < all.length; at += width) {
            List<Integer> ofImage = new ArrayList<>();
            for (int t = 0; t < width; t++) {
                ofImage.add(Math.toIntExact(all[at + t]));
            }
            targets.add(ofImage);
        }
        return targets;
    }
}
