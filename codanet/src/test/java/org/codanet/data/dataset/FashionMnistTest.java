package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.Test;

class FashionMnistTest {
    @Test
    void theSubsetIsBalanced() throws IOException {
        for (Split split : Split.values()) {
            ImageDataset data = FashionMnist.subset(split);
            int[] counts = new int[10];
            for (int i = 0; i < data.size(); i++) {
                counts[data.label(i)]++;
            }
            for (int count : counts) {
                assertEquals(split == Split.TRAIN ? 1_200 : 200, count);
            }
            assertEquals(28, data.height());
            assertEquals("Ankle boot", data.classNames().getLast());
        }
    }

    @Test
    void theFirstTrainingImageIsAnAnkleBootOnBlack() throws IOException {
        // The best known picture of the data set, which is also the first of the original file.
        ImageDataset data = FashionMnist.subset(Split.TRAIN);
        assertEquals(9, data.label(0));
        float[] values = data.read(0).values();
        assertEquals(0, values[0]);
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        assertEquals(76_247, Math.round(255 * sum)); // of the original file's bytes 16 to 799
    }

    @Test
    void theLicenceTravelsWithIt() throws IOException {
        try (InputStream in = FashionMnist.class.getResourceAsStream("fashion-mnist/LICENSE")) {
            assertNotNull(in);
            assertTrue(new String(in.readAllBytes(), StandardCharsets.UTF_8).contains("Zalando"));
        }
    }

    @Test
    void theSubsetIsTheFirstOfEachClassOfTheWholeSet() throws IOException {
        Path whole = Path.of("/usr/share/datasets/fashion-mnist");
        Skip.unless(Files.isDirectory(whole), "needs the whole set: apt-get install dataset-fashion-mnist");
        for (Split split : Split.values()) {
            ImageDataset subset = FashionMnist.subset(split);
            ImageDataset all = Datasets.open(whole, split);
            assertEquals(FashionMnist.NAME, all.name());
            int[] taken = new int[10];
            int next = 0;
            for (int i = 0; i < all.size(); i++) {
                if (taken[all.label(i)]++ < subset.size() / 10) {
                    assertEquals(all.read(i), subset.read(next++), split + " image " + i);
                }
            }
            assertEquals(subset.size(), next);
        }
    }
}
