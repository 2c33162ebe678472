package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.file.torch.TorchFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights of one network as PyTorch programs save them. The expected values are in expected_all_pth.safetensors. */
class ForeignWeightsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "same.pth",
                "attrs.pth",
                "compile.pth",
                "counter.pth",
                "crc0.pth",
                "lightning.pth",
                "net.pth",
                "none_key.pth",
                "npscalar.pth",
                "real_crc0.pth",
                "real_multistep.pth",
                "swa.pth"
            })
    void everyCheckpointGivesTheSameModel(String file) throws IOException {
        assertEquals(expected().tensors(), read(resource(file)).weights().tensors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"backbone.", "student.nets.0.", "model.module.encoder."})
    void anyPrefixThatAllNamesShareIsRemoved(String prefix) throws IOException {
        Map<String, TensorData> prefixed = new LinkedHashMap<>();
        expected().tensors().forEach((name, tensor) -> prefixed.put(prefix + name, tensor));
        Path torch = folder.resolve("prefixed.pth");
        Path safetensors = folder.resolve("prefixed.safetensors");
        TorchFile.write(torch, new NamedTensors(prefixed));
        SafetensorsFile.write(safetensors, new NamedTensors(prefixed));
        assertEquals(expected().tensors(), read(torch).weights().tensors());
        assertEquals(expected().tensors(), read(safetensors).weights().tensors());
    }

    @Test
    void aPrefixOfSomeNamesIsNotRemoved() throws IOException {
        Map<String, TensorData> mixed = new LinkedHashMap<>();
        expected().tensors().forEach((name, tensor) -> mixed.put(mixed.isEmpty() ? "module." + name : name, tensor));
        Path file = folder.resolve("mixed.pth");
        TorchFile.write(file, new NamedTensors(mixed));
        assertEquals(
                file + ": 0.weight_mod.weighting_f.0.weight is missing for a network of 3 layers",
                assertThrows(FileFormatException.class, () -> read(file)).getMessage());
    }

    private static ModelFile read(Path file) throws IOException {
        CodaNetConfig config = CodaNetConfig.fromJson(Files.readString(resource("net3.json")));
        return ModelFile.read(file, Optional.of(config), false);
    }

    private static NamedTensors expected() throws IOException {
        return SafetensorsFile.read(resource("expected_all_pth.safetensors"));
    }

    private static Path resource(String name) {
        try {
            return Path.of(ForeignWeightsTest.class
                    .getResource("/org/codanet/trouble/" + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
