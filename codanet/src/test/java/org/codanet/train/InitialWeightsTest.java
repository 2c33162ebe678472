package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.model.CodaNetConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fine-tuning: the trained weights of a network with three classes are loaded into networks with three classes, with seven classes, and
 * with other layers.
 */
class InitialWeightsTest {
    @ParameterizedTest
    @ValueSource(strings = {"same.pth", "swa.pth", "lightning.pth", "expected_all_pth.safetensors"})
    void allLayersAreTakenIfTheyFit(String file) throws IOException {
        InitialWeights weights = InitialWeights.read(resource(file));
        CodaNetConfig config = config(3);
        assertFalse(weights.leavesOutLastLayer(config));
        assertEquals(trained().tensors(), weights.applyTo(config, zeros(config)).tensors());
    }

    @Test
    void theLastLayerStartsAnewWithAnotherNumberOfClasses() throws IOException {
        CodaNetConfig config = config(7);
        InitialWeights weights = InitialWeights.read(resource("same.pth"));
        assertTrue(weights.leavesOutLastLayer(config));
        NamedTensors zeros = zeros(config);
        NamedTensors merged = weights.applyTo(config, zeros);
        assertEquals(zeros.names(), merged.names());
        for (String name : merged.names()) {
            assertEquals(name.startsWith("2.") ? zeros.get(name) : trained().get(name), merged.get(name), name);
        }
    }

    @Test
    void otherLayersAreRefusedByName() throws IOException {
        CodaNetConfig config = CodaNetConfig.fromJson(
                Files.readString(resource("net3.json")).replace("\"ranks\": [4, 6, 5]", "\"ranks\": [4, 7, 5]"));
        InitialWeights weights = InitialWeights.read(resource("same.pth"));
        String message = assertThrows(FileFormatException.class, () -> weights.applyTo(config, zeros(config)))
                .getMessage();
        assertTrue(
                message.endsWith(
                        "1.weight_mod.weighting_f.0.weight has shape [6, 4, 3, 3], the network needs [7, 4, 3, 3];"
                                + " only the last layer may differ"),
                message);
    }

    private static CodaNetConfig config(int classes) throws IOException {
        return CodaNetConfig.fromJson(Files.readString(resource("net3.json"))
                .replace("\"out_channels\": [4, 5, 3]", "\"out_channels\": [4, 5, " + classes + "]")
                .replace("\"num_classes\": 3", "\"num_classes\": " + classes));
    }

    private static NamedTensors trained() throws IOException {
        return InitialWeights.read(resource("expected_all_pth.safetensors")).weights();
    }

    private static NamedTensors zeros(CodaNetConfig config) {
        Map<String, TensorData> zeros = new LinkedHashMap<>();
        config.parameterShapes().forEach((name, shape) -> zeros.put(name, zeros(shape)));
        return new NamedTensors(zeros);
    }

    private static TensorData zeros(List<Integer> shape) {
        return TensorData.ofFloats(shape, new float[Math.toIntExact(TensorData.elements(shape))]);
    }

    private static Path resource(String name) {
        try {
            return Path.of(InitialWeightsTest.class
                    .getResource("/org/codanet/trouble/" + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
