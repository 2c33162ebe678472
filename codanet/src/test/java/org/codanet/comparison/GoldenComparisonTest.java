package org.codanet.comparison;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.CodaNetAttribution;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.bindings.testing.Skip;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.codanet.metrics.Confidences;
import org.codanet.metrics.Grid;
import org.codanet.metrics.GridSampler;
import org.codanet.metrics.PixelRemoval;
import org.codanet.metrics.Protocol;
import org.codanet.metrics.Removal;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares both metrics of a whole network, in the original protocol, with the authors' code in float64. */
final class GoldenComparisonTest {
    private static final double FLOAT32 = 1e-4;

    /** Tolerance: a share is a quotient of two sums, and the gradient methods sum values of both signs. */
    private static final double SHARE = 1e-3;

    static Stream<Arguments> files() {
        List<GoldenFile> files = GoldenFolder.ofKind("eval_metrics")
                .filter(file -> file.config().has("net"))
                .toList();
        return files.isEmpty() ? Stream.of(Arguments.of("no", null)) : TestDevices.with(files.stream());
    }

    @ParameterizedTest
    @MethodSource("files")
    void localisationScoresAreTheAuthors(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = network(file, device, scope);
            TestImages images = TestImages.of(new Source(file));
            float[] logits = network.logits(images.batch(0, images.count()));
            assertNear("logits", file.floats("logits"), logits, FLOAT32);
            Confidences confidences = Confidences.of(logits, images.labels(), network.classes());
            Map<String, AttributionMethod> methods = Map.of(
                    "Ours", AttributionMethods.of("ours", Map.of()),
                    "IxG", AttributionMethods.of("ixg", Map.of()),
                    "Grad", AttributionMethods.of("grad", Map.of()),
                    "GCam", AttributionMethods.of("gcam", Map.of()),
                    "Occlusion_Occ5", AttributionMethods.of("occ5", Map.of("window", "original")));
            for (int side : List.of(2, 3)) {
                List<Grid> grids = GridSampler.sample(confidences, side, side == 2 ? 3 : 1, Protocol.ORIGINAL, 0);
                Localisation localisation = new Localisation(network, images, grids, Metric.LOCALISATION);
                methods.forEach((name, method) -> {
                    String prefix = "loc" + side * side + "_";
                    // The published code reuses the settings of the previous evaluation. If that was occlusion, the
                    // values under the name
                    // Ours are those of occlusion, and their maps have a single channel.
                    boolean isOcclusion = name.equals("Ours")
                            && file.shape(prefix + "attribution_0_Ours").get(1) == 1;
                    if (isOcclusion) {
                        return;
                    }
                    double[] expected = file.doubles(prefix + "score_" + name);
                    double[] scores = IntStream.range(0, grids.size())
                            .boxed()
                            .flatMapToDouble(grid -> Arrays.stream(localisation.row(method, grid)))
                            .toArray();
                    assertNear(name + ", side " + side, Arrays.copyOf(expected, scores.length), scores, SHARE);
                });
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void removalCurvesAreTheAuthors(String deviceName, GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
        int curves = 0;
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            AttributedNetwork network = network(file, device, scope);
            TestImages images = TestImages.of(new Source(file));
            for (JsonElement element : file.config().getAsJsonArray("removal")) {
                JsonObject setting = element.getAsJsonObject();
                if (setting.get("method").getAsString().equals("Ours")) {
                    String direction = setting.get("direction").getAsString();
                    int points = setting.get("sample_points").getAsInt();
                    PixelRemoval removal = new PixelRemoval(
                            direction.equals("least") ? Removal.LEAST_IMPORTANT_FIRST : Removal.MOST_IMPORTANT_FIRST,
                            setting.get("num_pixels").getAsDouble(),
                            points,
                            Protocol.ORIGINAL);
                    RemovalCurves removalCurves = new RemovalCurves(
                            network,
                            images,
                            removal,
                            false,
                            IntStream.range(0, images.count()).toArray());
                    double[] expected = file.doubles("rem_Ours_" + direction + "_" + points + "_curve");
                    double[] actual = IntStream.range(0, setting.get("n_imgs").getAsInt())
                            .boxed()
                            .flatMapToDouble(
                                    n -> Arrays.stream(removalCurves.row(AttributionMethods.of("ours", Map.of()), n)))
                            .toArray();
                    assertNear("curves " + direction + " " + points, expected, actual, FLOAT32);
                    curves++;
                }
            }
        }
        assertEquals(3, curves);
    }

    private static AttributedNetwork network(GoldenFile file, Device device, Scope scope) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        for (String name : file.content().names()) {
            if (name.startsWith("weights.")) {
                weights.put(name.substring("weights.".length()), file.tensor(name));
            }
        }
        return new CodaNetAttribution(
                CodaNet.of(
                        GoldenFile.network(file.config().getAsJsonObject("net")),
                        LossKind.BCE,
                        new NamedTensors(weights),
                        device,
                        scope),
                0);
    }

    /** The images of a file in one batch. A byte of these files stands for byte / 256, which float32 represents exactly. */
    private record Source(GoldenFile file) implements BatchSource {
        @Override
        public long images() {
            return file.shape("images").getFirst();
        }

        @Override
        public String description() {
            return file.name();
        }

        @Override
        public Batches batches(int epoch, int first) {
            float[] values = file.floats("images");
            for (int i = 0; i < values.length; i++) {
                values[i] /= 256;
            }
            Shape shape = Shape.of(
                    file.shape("images").stream().mapToInt(Integer::intValue).toArray());
            List<Integer> labels = Arrays.stream(file.longs("labels"))
                    .mapToObj(Math::toIntExact)
                    .toList();
            return new Batches() {
                private boolean read;

                @Override
                public boolean hasNext() {
                    return !read;
                }

                @Override
                public Batch next() {
                    read = true;
                    return new Batch(new RawImages.Floats(values, shape), labels);
                }

                @Override
                public void close() {}
            };
        }
    }
}
