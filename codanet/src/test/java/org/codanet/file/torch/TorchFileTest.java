package org.codanet.file.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch wrote. bench/peers/make_torch_files.py generates them. */
class TorchFileTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zip.pkl",
                "legacy.pkl",
                "protocol4.pkl",
                "legacy_protocol4.pkl",
                "nested.pth",
                "nested_legacy.pth",
                "strided.pkl",
                "strided_legacy.pkl",
                "with_optimiser.pkl",
                "with_optimiser_legacy.pkl",
                "parameters.pkl",
            })
    void everyFormGivesTheSameTensors(String name) throws IOException {
        assertEquals(expected(), new NamedTensors(TorchFile.read(resource(name)).tensors()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"half.pkl", "bfloat16.pkl", "double.pkl"})
    void otherFloatingTypesGiveTheSameValues(String name) throws IOException {
        NamedTensors read = TorchFile.read(resource(name));
        Map<String, TensorData> floats = new LinkedHashMap<>();
        read.tensors().forEach((key, tensor) -> floats.put(key, tensor.toFloat32()));
        assertEquals(expected().tensors(), floats);
    }

    @Test
    void longsAreRead() throws IOException {
        TensorData bias = TorchFile.read(resource("long.pkl")).get("0.weight_mod.weighting_f.1.bias");
        assertEquals(ElementType.I64, bias.type());
        assertArrayEquals(new long[] {-33, -30, -27}, Arrays.copyOf(bias.toLongs(), 3));
    }

    @Test
    void aModulesStateDictIsReadWithoutItsMetadata() throws IOException {
        List<TensorData> expected = List.copyOf(expected().tensors().values());
        assertEquals(
                expected,
                List.copyOf(TorchFile.read(resource("module.pkl")).tensors().values()));
    }

    @Test
    void whatStandsBesideANestedDictionaryBecomesMetadata() throws IOException {
        assertEquals(
                Map.of("epoch", "3", "best_prec1", "91.25", "arch", "tiny"),
                TorchFile.read(resource("nested.pth")).metadata());
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Map<String, TensorData> tensors = new LinkedHashMap<>(expected().tensors());
        tensors.put("scalar", TensorData.ofDoubles(List.of(), new double[] {Math.PI}));
        tensors.put("none", TensorData.ofFloats(List.of(2, 0, 3), new float[0]));
        tensors.put("ö", TensorData.ofLongs(List.of(1), new long[] {-1}));
        NamedTensors content = new NamedTensors(tensors);
        Path file = folder.resolve("a.pkl");
        TorchFile.write(file, content);
        assertEquals(content, TorchFile.read(file));
        byte[] first = Files.readAllBytes(file);
        TorchFile.write(file, content);
        assertArrayEquals(first, Files.readAllBytes(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"zip.pkl", "legacy.pkl"})
    void aFileCutShortAnywhereIsRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(resource(name));
        for (int length = 0; length < whole.length; length += step(whole)) {
            Path file = Files.write(folder.resolve("cut.pkl"), Arrays.copyOf(whole, length));
            FileFormatException refusal =
                    assertThrows(FileFormatException.class, () -> TorchFile.read(file), "cut to " + length + " bytes");
            assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
        }
    }

    /**
     * Whatever a byte of a file is changed to, the file is read as tensors or refused with a message. There is no other exception and
     * no endless loop.
     */
    @ParameterizedTest
    @ValueSource(strings = {"strided.pkl", "strided_legacy.pkl"})
    void aFileWithAWrongByteIsReadOrRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(resource(name));
        List<String> otherwise = new ArrayList<>();
        int[] flips = {0x01, 0x80, 0xff};
        for (int at = 0; at < whole.length; at += step(whole)) {
            byte[] wrong = whole.clone();
            wrong[at] ^= (byte) flips[at % flips.length];
            Path file = Files.write(folder.resolve("wrong.pkl"), wrong);
            try {
                TorchFile.read(file);
            } catch (FileFormatException refusal) {
                assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
            } catch (IOException | RuntimeException e) {
                otherwise.add("byte " + at + ": " + e);
            }
        }
        assertEquals(List.of(), otherwise);
    }

    /** The step between the tested positions, which are about 500 in each file. */
    private static int step(byte[] whole) {
        return 1 + whole.length / 500;
    }

    private static NamedTensors expected() throws IOException {
        return SafetensorsFile.read(resource("expected.safetensors"));
    }

    private static Path resource(String name) {
        try {
            return Path.of(TorchFileTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
