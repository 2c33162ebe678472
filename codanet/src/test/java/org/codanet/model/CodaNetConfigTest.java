package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.FileFormatException;
import org.codanet.nn.op.alignment.Norm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodaNetConfigTest {
    /** Three layers, one of them strided, with extents that are all different. */
    private static final String JSON = """
            {"in_channels": 6, "out_channels": [4, 5, 3], "ranks": [7, 8, 9], "kernels": [3, 5, 1], "strides": [1, 2, 1],
             "paddings": [1, 2, 0], "norm": "SQ", "logit_bias": -2.5, "temperature": 10, "num_classes": 3,
             "add_inverse": true, "labels": ["a", "b", "c"]}""";

    @Test
    void aRoundTripThroughJsonGivesAnEqualConfig() {
        CodaNetConfig config = CodaNetConfig.fromJson(JSON);
        assertEquals(
                new CodaNetConfig(
                        List.of(
                                new LayerConfig(6, 4, 7, 3, 1, 1, Norm.SQ, true),
                                new LayerConfig(4, 5, 8, 5, 2, 2, Norm.SQ, true),
                                new LayerConfig(5, 3, 9, 1, 1, 0, Norm.SQ, true)),
                        -2.5,
                        10,
                        true,
                        List.of("a", "b", "c")),
                config);
        assertEquals(config, CodaNetConfig.fromJson(config.toJson()));
        assertEquals(3, config.imageChannels());
        assertEquals("b", config.label(1));
        for (int k : new int[] {-1, config.numClasses()}) {
            for (CodaNetConfig one : List.of(config, config.withLabels(List.of()))) {
                String message = assertThrows(IndexOutOfBoundsException.class, () -> one.label(k))
                        .getMessage();
                assertTrue(message.contains("class " + k + " was asked for"), message);
            }
        }
    }

    @Test
    void jsonHasOneListEntryPerLayer() {
        CodaNetConfig config = CodaNetConfig.builder(2)
                .layer(4, 7, 3, 1, 1)
                .layer(2, 8, 5, 2, 0)
                .labels(List.of("a", "<b>"))
                .build();
        assertEquals("""
                {
                  "in_channels": 2,
                  "out_channels": [
                    4,
                    2
                  ],
                  "ranks": [
                    7,
                    8
                  ],
                  "kernels": [
                    3,
                    5
                  ],
                  "strides": [
                    1,
                    2
                  ],
                  "paddings": [
                    1,
                    0
                  ],
                  "norm": "SQ",
                  "logit_bias": -2.197224577336219,
                  "temperature": 1.0,
                  "num_classes": 2,
                  "add_inverse": true,
                  "labels": [
                    "a",
                    "<b>"
                  ],
                  "bias": true
                }""", config.toJson());
    }

    @Test
    void layersThatDoNotFitTogetherAreRefused() {
        LayerConfig first = new LayerConfig(6, 4, 7, 3, 1, 1, Norm.SQ, true);
        assertEquals(
                "network config: layer 1 reads 5 channels, but layer 0 has 4 units",
                refusal(first, new LayerConfig(5, 3, 7, 3, 1, 1, Norm.SQ, true)));
        assertEquals(
                "network config: layer 1 differs from layer 0 in norm or bias; all layers have the same",
                refusal(first, new LayerConfig(4, 3, 7, 3, 1, 1, Norm.L2, true)));
        assertEquals("network config: a network has at least one layer", refusal());
    }

    private static String refusal(LayerConfig... layers) {
        return assertThrows(
                        IllegalArgumentException.class, () -> new CodaNetConfig(List.of(layers), 0, 1, true, List.of()))
                .getMessage();
    }

    @Test
    void aFileThatIsNotAConfigIsRefusedByName(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("net.json"), JSON);
        assertEquals(CodaNetConfig.fromJson(JSON), CodaNetConfig.read(file));
        Files.writeString(file, "[]");
        assertEquals(
                file + ": network config: not a JSON object",
                assertThrows(FileFormatException.class, () -> CodaNetConfig.read(file))
                        .getMessage());
        Files.write(file, new byte[] {(byte) 0xff});
        assertThrows(FileFormatException.class, () -> CodaNetConfig.read(file));
        Files.delete(file);
        assertThrows(FileFormatException.class, () -> CodaNetConfig.read(file));
    }

    @Test
    void biasFollowsTheNormUnlessItIsGiven() {
        assertTrue(CodaNetConfig.fromJson(JSON).bias());
        assertEquals(
                List.of(false, false),
                List.of(
                        CodaNetConfig.fromJson(JSON.replace("SQ", "WB")).bias(),
                        CodaNetConfig.fromJson(JSON.replace("{\"in", "{\"bias\": false, \"in"))
                                .bias()));
    }

    @Test
    void theLossThatOtherProgramsWriteIsIgnored() {
        assertEquals(
                CodaNetConfig.fromJson(JSON),
                CodaNetConfig.fromJson(JSON.replace("{\"in", "{\"loss\": \"BCE\", \"in")));
    }

    @Test
    void extentsAreThoseOfTheConvolutions() {
        CodaNetConfig config = CodaNetConfig.fromJson(JSON);
        assertEquals(
                List.of(new LayerExtent(4, 8, 7), new LayerExtent(5, 4, 4), new LayerExtent(3, 4, 4)),
                config.extents(8, 7));
    }

    @Test
    void parametersAreThoseOfTheShapes() {
        CodaNetConfig config = CodaNetConfig.fromJson(JSON);
        assertEquals(List.of(7, 6, 3, 3), config.parameterShapes().get("0.weight_mod.weighting_f.0.weight"));
        assertEquals(List.of(216, 7, 1, 1), config.parameterShapes().get("0.weight_mod.weighting_f.1.weight"));
        assertEquals(List.of(500), config.parameterShapes().get("1.weight_mod.weighting_f.1.bias"));
        long sum = config.parameterShapes().values().stream()
                .mapToLong(shape -> shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b))
                .sum();
        assertEquals(sum, config.parameters());
    }

    @Test
    void aLayerWithAnEmptyOutputIsRefusedByNumber() {
        CodaNetConfig config = CodaNetConfig.fromJson(JSON.replace("[1, 2, 0]", "[1, 0, 0]"));
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> config.extents(4, 9));
        assertEquals(
                "network config: layer 1 (kernel 5, stride 2, padding 0) leaves nothing of its 4 x 9 input;"
                        + " the image is 4 x 9",
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            [7, 8, 9]     | [7, 0, 9]     | ranks of layer 1 is 0, it must be at least 1
            [3, 5, 1]     | [0, 5, 1]     | kernels of layer 0 is 0, it must be at least 1
            [1, 2, 1]     | [1, 0, 1]     | strides of layer 1 is 0, it must be at least 1
            [1, 2, 0]     | [1, 2, -1]    | paddings of layer 2 is -1, it must be at least 0
            [1, 2, 1]     | [1, 2]        | strides has 2 entries, out_channels has 3
            [1, 2, 1]     | [1, 2, 99999999] | strides of layer 2 is 99999999, it must be at most
            [4, 5, 3]     | []            | out_channels is empty
            [4, 5, 3]     | [4, 5, 4]     | num_classes is 3, but the last of out_channels is 4
            [7, 8, 9]     | [7, 9999999, 9] | layer 1 would have 5.00e+09 weights
            "SQ"          | "sq"          | norm is "sq", not one of [SQ, L2, WB]
            "SQ"          | "WB", "bias": true | norm WB has no bias
            "SQ"          | 1             | norm is 1, not a string
            -2.5          | "x"           | logit_bias is "x", not a number
            -2.5          | 1e999         | logit_bias is Infinity, not a finite number
            : 10          | : 0           | temperature is 0.0, it must be a finite number above 0
            s": 6         | s": 5         | in_channels must be even, not 5
            s": 6         | s": 0         | in_channels is 0
            s": 6         | s": 6.5       | in_channels is 6.5, not an integer
            , "c"         |               | there are 2 labels for 3 classes
            "labels"      | "lables"      | unknown lables
            "temperature" | "labels"      | labels occurs twice
            "temperature" | "x"           | temperature is missing
            true          | 1             | add_inverse is 1, not true or false
            true          | true, }       | not valid JSON at line
            """)
    void wrongConfigsAreRefusedWithOneSentence(String from, String to, String reason) {
        String json = JSON.replace(from, to == null ? "" : to);
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> CodaNetConfig.fromJson(json));
        assertTrue(refusal.getMessage().startsWith("network config: "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }
}
