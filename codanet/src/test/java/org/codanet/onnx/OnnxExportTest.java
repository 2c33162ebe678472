package org.codanet.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.BundledModel;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.ToyModels;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Exported graphs, run by ONNX Runtime and compared with the explainer. */
final class OnnxExportTest {
    private static final double TOLERANCE = 1e-4;

    /** Height and width differ, so that tests notice if they are swapped. With stride 2 the rows leave a remainder. */
    private static final Preprocessing IMAGES = new Preprocessing(3, 12, 9, 0);

    private record Network(String description, CodaNetConfig config) {
        @Override
        public String toString() {
            return description;
        }
    }

    private static Stream<Network> networks() {
        return Stream.of(
                new Network("SQ with bias", deep().norm(Norm.SQ).bias(true).build()),
                new Network("SQ without bias", deep().norm(Norm.SQ).bias(false).build()),
                new Network("L2 with bias", deep().norm(Norm.L2).bias(true).build()),
                new Network("L2 without bias", deep().norm(Norm.L2).bias(false).build()),
                new Network("WB", deep().norm(Norm.WB).bias(false).build()),
                new Network(
                        "more slots than patch entries",
                        CodaNetConfig.builder(6)
                                .layer(3, 20, 1, 1, 0)
                                .layer(3, 9, 1, 1, 0)
                                .norm(Norm.L2)
                                .temperature(10)
                                .build()),
                new Network(
                        "without inverse channels",
                        CodaNetConfig.builder(3)
                                .layer(4, 5, 3, 1, 1)
                                .layer(3, 4, 3, 2, 0)
                                .addInverse(false)
                                .logitBias(0.5)
                                .temperature(3)
                                .build()));
    }

    /** A stride that leaves a remainder in one direction, a stride larger than the kernel, and padding of 0, 1 and 2. */
    private static CodaNetConfig.Builder deep() {
        return CodaNetConfig.builder(6)
                .layer(5, 4, 3, 1, 1)
                .layer(4, 6, 3, 2, 0)
                .layer(6, 3, 5, 1, 2)
                .layer(3, 5, 1, 2, 0)
                .temperature(7)
                .labels(List.of("cat", "dog", "owl"));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void logitsAndMapsOfAllClassesAreThoseOfTheExplainer(Network network) throws Exception {
        ModelFile model = ToyModels.untrained(network.config(), Optional.of(IMAGES));
        ImageBatch images = noise(IMAGES, 3);

        Result result = run(OnnxExport.bytes(model, OnnxTarget.ALL), images);

        assertAgrees(explanation(model, images, Target.all()), result);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void theMapOfThePredictedClassIsThatOfTheExplainer(Network network) throws Exception {
        ModelFile model = ToyModels.untrained(network.config(), Optional.of(IMAGES));
        ImageBatch images = noise(IMAGES, 3);

        Result result = run(OnnxExport.bytes(model, OnnxTarget.PREDICTED), images);

        Explanation expected = explanation(model, images, Target.predicted());
        assertAgrees(expected, result);
        for (int n = 0; n < images.count(); n++) {
            assertEquals(expected.predicted(n), result.classes[n], "predicted class of image " + n);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void blackImagesGiveFiniteValues(Network network) throws Exception {
        ModelFile model = ToyModels.untrained(network.config(), Optional.of(IMAGES));
        ImageBatch images = ImageBatch.of(new float[3 * 12 * 9], 1, 3, 12, 9);

        Result result = run(OnnxExport.bytes(model, OnnxTarget.ALL), images);

        assertAgrees(explanation(model, images, Target.all()), result);
    }

    @Nested
    class TheNetworkThatComesWithCodanet {
        private final ModelFile model = bundled();

        @Test
        void hasTheSameLogitsAndMapsInOnnxRuntime() throws Exception {
            ImageBatch images = noise(model.preprocessing().orElseThrow(), 2);

            Result result = run(OnnxExport.bytes(model, OnnxTarget.ALL), images);

            assertAgrees(explanation(model, images, Target.all()), result);
        }

        @Test
        void hasContributionsThatAddUpToTheLogits() throws Exception {
            ImageBatch images = noise(model.preprocessing().orElseThrow(), 1);

            Result result = run(OnnxExport.bytes(model, OnnxTarget.ALL), images);

            int classes = model.config().numClasses();
            int positions = result.contributions.length / classes;
            for (int k = 0; k < classes; k++) {
                double sum = model.config().logitBias();
                for (int i = 0; i < positions; i++) {
                    sum += result.contributions[k * positions + i];
                }
                assertEquals(result.logits[k], sum, TOLERANCE, "class " + k);
            }
        }

        private ModelFile bundled() {
            try {
                return BundledModel.read().orElseThrow();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Nested
    class TheFile {
        @TempDir
        Path folder;

        @Test
        void describesItsInputItsOutputsAndTheModel() throws Exception {
            ModelFile model = ToyModels.untrained(deep().build(), Optional.of(IMAGES));
            Path file = folder.resolve("net.onnx");
            OnnxExport.write(model, OnnxTarget.PREDICTED, file);

            try (OrtEnvironment environment = OrtEnvironment.getEnvironment();
                    OrtSession session = environment.createSession(Files.readAllBytes(file))) {
                assertEquals(List.of("images"), List.copyOf(session.getInputNames()));
                assertEquals(List.of("logits", "classes", "contributions"), List.copyOf(session.getOutputNames()));
                Map<String, String> metadata = session.getMetadata().getCustomMetadata();
                assertEquals("[\"cat\",\"dog\",\"owl\"]", metadata.get("codanet.labels"));
                assertEquals(
                        "{\"channels\":3,\"height\":12,\"width\":9,\"resize\":0,\"range\":\"0..1\"}",
                        metadata.get("codanet.preprocessing"));
                assertEquals("codanet", session.getMetadata().getProducerName());
            }
        }

        @Test
        void isTheSameForTheSameModel() {
            ModelFile model = ToyModels.untrained(deep().build(), Optional.of(IMAGES));

            assertArrayEquals(OnnxExport.bytes(model, OnnxTarget.ALL), OnnxExport.bytes(model, OnnxTarget.ALL));
        }

        @Test
        void isRefusedForAModelWithoutExtents() {
            ModelFile model = ToyModels.untrained(deep().build(), Optional.empty());

            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> OnnxExport.bytes(model, OnnxTarget.ALL));

            assertTrue(refused.getMessage().contains("size of its images"), refused.getMessage());
        }
    }

    /** What ONNX Runtime returned; {@code classes} is null if the graph has no such output. */
    private record Result(float[] logits, float[] contributions, long[] classes) {}

    private static Result run(byte[] file, ImageBatch images) throws OrtException {
        long[] shape = new long[4];
        for (int i = 0; i < 4; i++) {
            shape[i] = images.shape().extent(i);
        }
        try (OrtEnvironment environment = OrtEnvironment.getEnvironment();
                OrtSession session = environment.createSession(file);
                OnnxTensor input = OnnxTensor.createTensor(
                        environment, FloatBuffer.wrap(images.values(0, images.count())), shape);
                OrtSession.Result result = session.run(Map.of("images", input))) {
            return new Result(
                    floats(result, "logits"),
                    floats(result, "contributions"),
                    result.get("classes")
                            .map(value -> longs((OnnxTensor) value))
                            .orElse(null));
        }
    }

    private static float[] floats(OrtSession.Result result, String name) {
        FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static long[] longs(OnnxTensor tensor) {
        LongBuffer buffer = tensor.getLongBuffer();
        long[] values = new long[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static Explanation explanation(ModelFile model, ImageBatch images, Target target) {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
                Scope scope = Scope.open("test");
                CodaNet net = CodaNet.load(model, device, scope)) {
            return new Explainer(net).explain(images, target);
        }
    }

    private static void assertAgrees(Explanation expected, Result result) {
        float[] logits = new float[expected.logits().remaining()];
        expected.logits().get(logits);
        assertArrayEquals(logits, result.logits, (float) TOLERANCE, "logits");
        int positions = expected.height() * expected.width();
        assertEquals(expected.images() * expected.targets() * positions, result.contributions.length);
        List<float[]> maps = new ArrayList<>();
        double largest = 0;
        for (int n = 0; n < expected.images(); n++) {
            for (int t = 0; t < expected.targets(); t++) {
                float[] map = expected.contributions(n, t);
                maps.add(map);
                for (float value : map) {
                    largest = Math.max(largest, Math.abs(value));
                }
            }
        }
        // Relative to the largest contribution, because the maps of untrained networks are small.
        double allowed = TOLERANCE * Math.min(1, largest);
        for (int m = 0; m < maps.size(); m++) {
            for (int i = 0; i < positions; i++) {
                float wanted = maps.get(m)[i];
                float value = result.contributions[m * positions + i];
                assertTrue(
                        Math.abs(wanted - value) <= allowed,
                        "map " + m + ", position " + i + ": " + value + " instead of " + wanted);
            }
        }
    }

    private static ImageBatch noise(Preprocessing extents, int count) {
        SplittableRandom random = new SplittableRandom(11);
        float[] values = new float[count * extents.channels() * extents.height() * extents.width()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble();
        }
        return ImageBatch.of(values, count, extents.channels(), extents.height(), extents.width());
    }
}
