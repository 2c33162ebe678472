package org.codanet.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.codanet.bindings.testing.Skip;
import org.codanet.file.NamedTensors;
import org.junit.jupiter.api.Test;

class SeededWeightsTest {
    @Test
    void firstNumberOfSeedZeroIsThePublishedOne() {
        // splitmix64's first output from state 0 is 0xE220A8397B1DCDAF; its upper 24 bits are 0xE220A8.
        assertEquals(0xE220A8 * 0x1p-24, new SeededWeights(0).next());
    }

    @Test
    void weightsHaveTheHeadsAndSumsOfTheGoldenFiles() {
        List<GoldenFile> files = GoldenFolder.ofKind("net_seeded").toList();
        Skip.unless(!files.isEmpty(), GoldenFolder.whySkipped());
        for (GoldenFile file : files) {
            NamedTensors weights = SeededWeights.weights(file);
            assertEquals(file.stateKeys(), List.copyOf(weights.names()), file.name());
            float[] heads = file.floats("weight_heads");
            double[] sums = file.doubles("weight_sums");
            int at = 0;
            for (String key : file.stateKeys()) {
                float[] values = weights.get(key).toFloats();
                float[] head = Arrays.copyOfRange(heads, at * 8, at * 8 + Math.min(8, values.length));
                assertArrayEquals(head, Arrays.copyOf(values, head.length), file.name() + " " + key);
                double sum = 0;
                double magnitude = 0;
                for (float value : values) {
                    sum += value;
                    magnitude += Math.abs(value);
                }
                assertEquals(sums[at], sum, 1e-12 * magnitude, file.name() + " " + key);
                at++;
            }
            float[] images = SeededWeights.images(
                    Long.parseUnsignedLong(file.text("images_seed")),
                    file.tensor("images").count());
            assertArrayEquals(file.floats("images"), images, file.name());
        }
    }
}
