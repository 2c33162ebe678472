package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.weights.WeightsFile;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.junit.jupiter.api.Test;

/** The weight files of a golden folder: the weights of one network in many formats, and broken and hostile files. */
class GoldenWeightsTest {
    /** Each {@code tiny_*} file has the weights of one network of the same folder. Names and shapes show which one. */
    @Test
    void everyFormatGivesTheSameWeights() throws IOException {
        Path folder = folder();
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.getFileName().toString().startsWith("tiny_"))
                    .sorted()
                    .toList();
        }
        Skip.unless(!files.isEmpty(), "no tiny_* in " + folder);
        List<GoldenFile> nets = GoldenFolder.ofKind("net")
                .filter(net -> net.path().startsWith(folder))
                .toList();
        for (Path file : files) {
            NamedTensors raw = WeightsFile.read(file);
            GoldenFile net = nets.stream()
                    .filter(candidate -> fits(raw, candidate.network()) && sameWeights(raw, candidate.weights()))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(file + " has the weights of no net_* beside it"));
            ModelFile model = ModelFile.read(file, Optional.of(net.network()), false);
            assertEquals(net.stateKeys(), List.copyOf(model.weights().names()), file.toString());
        }
    }

    private static boolean fits(NamedTensors weights, CodaNetConfig config) {
        return config.parameterShapes().equals(shapes(weights));
    }

    private static Map<String, List<Integer>> shapes(NamedTensors weights) {
        return weights.tensors().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().shape()));
    }

    /** Compares exactly. For float16 files the rounded values are expected. */
    private static boolean sameWeights(NamedTensors read, NamedTensors net) {
        for (String key : net.names()) {
            TensorData tensor = read.get(key);
            float[] expected = net.get(key).toFloats();
            if (tensor.type() == ElementType.F16) {
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = Float.float16ToFloat(Float.floatToFloat16(expected[i]));
                }
            }
            if (!Arrays.equals(expected, tensor.toFloats())) {
                return false;
            }
        }
        return true;
    }

    @Test
    void brokenAndHostileFilesAreRefusedInOneSentence() throws IOException {
        Path bad = folder().resolve("bad");
        Skip.unless(Files.exists(bad.resolve("expected.json")), "no bad/expected.json in the golden folder");
        JsonObject expected = JsonParser.parseString(Files.readString(bad.resolve("expected.json")))
                .getAsJsonObject();
        CodaNetConfig config = GoldenFile.read(
                        bad.resolveSibling(expected.get("model").getAsString()))
                .network();
        for (Map.Entry<String, JsonElement> entry :
                expected.getAsJsonObject("files").entrySet()) {
            Path file = bad.resolve(entry.getKey());
            String message = assertThrows(
                            FileFormatException.class,
                            () -> ModelFile.read(file, Optional.of(config), false),
                            entry.getKey())
                    .getMessage();
            assertTrue(message.startsWith(file + ": "), message);
            assertEquals(1, message.lines().count(), message);
            String expectation =
                    entry.getValue().getAsJsonObject().get("expect").getAsString();
            if (expectation.contains("--allow-nan")) {
                assertFalse(ModelFile.read(file, Optional.of(config), true)
                        .weights()
                        .nonFinite()
                        .isEmpty());
            } else {
                assertEquals("rejected", expectation, entry.getKey());
                assertThrows(
                        FileFormatException.class,
                        () -> ModelFile.read(file, Optional.of(config), true),
                        entry.getKey());
            }
        }
        for (Path place : List.of(Path.of(""), bad, Path.of(System.getProperty("java.io.tmpdir")))) {
            assertFalse(Files.exists(place.toAbsolutePath().resolve("PWNED")), "PWNED in " + place.toAbsolutePath());
        }
    }

    @Test
    void everyNetworkHasTheParametersOfItsConfig() {
        List<GoldenFile> files = GoldenFolder.matching(
                        file -> file.kind().equals("net") || file.kind().equals("train"))
                .toList();
        Skip.unless(!files.isEmpty(), GoldenFolder.whySkipped());
        for (GoldenFile file : files) {
            assertEquals(
                    List.copyOf(file.network().parameterShapes().keySet()),
                    file.stateKeys(),
                    file.path().toString());
            assertEquals(
                    file.network().parameterShapes(),
                    shapes(file.weights()),
                    file.path().toString());
            if (file.kind().equals("net")) {
                List<Integer> images = file.shape("images");
                List<LayerExtent> extents = file.network().extents(images.get(2), images.get(3));
                for (int i = 0; i < extents.size(); i++) {
                    LayerExtent extent = extents.get(i);
                    assertArrayEquals(
                            new Object[] {images.getFirst(), extent.channels(), extent.height(), extent.width()},
                            file.shape("layer_output." + i).toArray(),
                            file.path() + " layer " + i);
                }
            }
        }
    }

    private static Path folder() {
        Optional<Path> folder = GoldenFolder.given();
        Skip.unless(folder.isPresent(), GoldenFolder.whySkipped());
        return folder.orElseThrow();
    }
}
