package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.file.torch.TorchFile;
import org.codanet.golden.SeededWeights;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFileTest {
    private static final CodaNetConfig CONFIG = CodaNetConfig.builder(2)
            .layer(3, 4, 3, 2, 1)
            .layer(2, 5, 1, 1, 0)
            .logitBias(-1.5)
            .temperature(10)
            .labels(List.of("cat \"<&>\"", "dög"))
            .build();
    private static final NamedTensors WEIGHTS = SeededWeights.weights(CONFIG, 7, 1);

    @TempDir
    Path folder;

    @Test
    void aWrittenModelIsReadBack() throws IOException {
        Map<String, Double> scores = new LinkedHashMap<>();
        scores.put("top1", 0.875);
        scores.put("loss", 0.1);
        ModelFile model = new ModelFile(
                CONFIG,
                WEIGHTS,
                Optional.of(new Preprocessing(1, 28, 30, 32)),
                Optional.of(TrainingRecipe.of(LossKind.CE, 3, 8, new LearningRate.Cosine(1e-3, 0, 0.5, 3))),
                scores);
        Path file = folder.resolve("m.safetensors");
        model.write(file);
        assertEquals(model, ModelFile.read(file));
        assertEquals(model, ModelFile.read(file, Optional.of(CONFIG.withLabels(List.of())), false));
        try (InputStream stream = Files.newInputStream(file)) {
            assertEquals(model, ModelFile.read("resource", stream));
        }
        assertEquals("codanet", SafetensorsFile.readMetadata(file).get("format"));
    }

    /** The bundled file is older than the classes that write its metadata now. */
    @Test
    void theMetadataOfTheBundledModelAreWrittenUnchanged() throws IOException {
        Path original = folder.resolve("original.safetensors");
        try (InputStream resource = BundledModel.class.getResourceAsStream("cifar10.safetensors")) {
            Files.copy(resource, original);
        }
        Path copy = folder.resolve("copy.safetensors");
        ModelFile.read(original).write(copy);
        assertEquals(SafetensorsFile.readMetadata(original), SafetensorsFile.readMetadata(copy));
    }

    @Test
    void aModelWithWeightsOnlyIsReadBack() throws IOException {
        ModelFile model = new ModelFile(CONFIG, WEIGHTS, Optional.empty(), Optional.empty(), Map.of());
        Path file = folder.resolve("m.safetensors");
        model.write(file);
        assertEquals(model, ModelFile.read(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.pkl", "m.pth", "m.safetensors", "m"})
    void weightsForTheAuthorsCodeAreReadBack(String name) throws IOException {
        ModelFile model = new ModelFile(CONFIG, WEIGHTS, Optional.empty(), Optional.empty(), Map.of());
        Path file = folder.resolve(name);
        model.writeWeights(file);
        assertEquals(model, ModelFile.read(file, Optional.of(CONFIG), false));
        String message = assertThrows(FileFormatException.class, () -> ModelFile.read(file))
                .getMessage();
        assertTrue(message.contains("holds weights only"), message);
    }

    @Test
    void theContentsOfAFileDecideItsFormatNotItsName() throws IOException {
        Path file = folder.resolve("m.pkl");
        SafetensorsFile.write(file, WEIGHTS);
        assertEquals(WEIGHTS, ModelFile.read(file, Optional.of(CONFIG), false).weights());
        Path text = Files.writeString(folder.resolve("text.bin"), "neither of them");
        String message = assertThrows(FileFormatException.class, () -> ModelFile.read(text))
                .getMessage();
        assertEquals(text + ": is neither a PyTorch checkpoint nor a safetensors file", message);
    }

    @Test
    void weightsAreSortedInTheOrderOfTheNetwork() {
        Map<String, TensorData> reversed = new LinkedHashMap<>();
        List.copyOf(WEIGHTS.names()).reversed().forEach(key -> reversed.put(key, WEIGHTS.get(key)));
        ModelFile model =
                new ModelFile(CONFIG, new NamedTensors(reversed), Optional.empty(), Optional.empty(), Map.of());
        assertEquals(List.copyOf(WEIGHTS.names()), List.copyOf(model.weights().names()));
    }

    @Test
    void weightsThatDoNotFitAreRefusedByName() throws IOException {
        String key = "1.weight_mod.weighting_f.1.weight";
        Map<String, TensorData> tensors = new LinkedHashMap<>(WEIGHTS.tensors());
        tensors.remove(key);
        assertEquals(key + " is missing for a network of 2 layers", refusal(tensors));
        tensors.put(key, TensorData.ofFloats(List.of(6, 5), new float[30]));
        assertEquals(key + " has shape [6, 5], the network needs [6, 5, 1, 1]", refusal(tensors));
        tensors.put(key, TensorData.ofLongs(List.of(6, 5, 1, 1), new long[30]));
        assertEquals(key + " holds integers (I64), not weights", refusal(tensors));
        tensors.put(key, WEIGHTS.get(key));
        tensors.put("fc.weight", TensorData.ofFloats(List.of(1), new float[1]));
        assertEquals("fc.weight is none of the weights of a network of 2 layers", refusal(tensors));
    }

    @Test
    void nonFiniteWeightsAreRefusedUnlessAllowed() throws IOException {
        String key = "0.weight_mod.weighting_f.1.bias";
        Map<String, TensorData> tensors = new LinkedHashMap<>(WEIGHTS.tensors());
        // Finite as a double, infinite as a float.
        double[] values = new double[54];
        values[53] = 1e39;
        tensors.put(key, TensorData.ofDoubles(List.of(54), values));
        String message = refusal(tensors);
        assertTrue(message.startsWith("NaN or infinite values in " + key), message);
        assertTrue(message.contains("--allow-nan"), message);
        Path file = folder.resolve("w.pkl");
        assertEquals(
                Float.POSITIVE_INFINITY,
                ModelFile.read(file, Optional.of(CONFIG), true)
                        .weights()
                        .get(key)
                        .toFloats()[53]);
    }

    @Test
    void anotherNetworkThanTheOneGivenIsRefused() throws IOException {
        Path file = folder.resolve("m.safetensors");
        new ModelFile(CONFIG, WEIGHTS, Optional.empty(), Optional.empty(), Map.of()).write(file);
        CodaNetConfig other = CodaNetConfig.fromJson(CONFIG.toJson().replace("\"SQ\"", "\"L2\""));
        String message = assertThrows(FileFormatException.class, () -> ModelFile.read(file, Optional.of(other), false))
                .getMessage();
        assertTrue(message.contains("holds another network"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config", "format_version", "preprocessing", "recipe", "scores"})
    void damagedMetadataAreRefused(String word) throws IOException {
        Path file = folder.resolve("m.safetensors");
        new ModelFile(
                        CONFIG,
                        WEIGHTS,
                        Optional.of(new Preprocessing(1, 28, 28, 0)),
                        Optional.of(TrainingRecipe.of(LossKind.BCE, 1, 1, new LearningRate.Constant(1e-3))),
                        Map.of("top1", 1.0))
                .write(file);
        Map<String, String> words = new LinkedHashMap<>(SafetensorsFile.readMetadata(file));
        words.put(word, "{\"top1\": \"high\"}");
        SafetensorsFile.write(file, WEIGHTS.withMetadata(words));
        String message = assertThrows(FileFormatException.class, () -> ModelFile.read(file))
                .getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        assertEquals(1, message.lines().count(), message);
    }

    private String refusal(Map<String, TensorData> tensors) throws IOException {
        Path file = folder.resolve("w.pkl");
        TorchFile.write(file, new NamedTensors(tensors));
        String message = assertThrows(FileFormatException.class, () -> ModelFile.read(file, Optional.of(CONFIG), false))
                .getMessage();
        return message.substring((file + ": ").length());
    }
}
