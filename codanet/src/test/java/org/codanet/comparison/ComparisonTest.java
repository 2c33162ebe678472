package org.codanet.comparison;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.Protocol;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons on a network whose logits can be calculated by hand. */
final class ComparisonTest {
    @TempDir
    Path folder;

    private final ComparisonSettings settings = new ComparisonSettings(Protocol.CORRECTED, 2, 10, 4, 0.5, 4, 0);

    /** Three classes; the logit of class k is 10 times the mean of colour k. */
    private static final class Colours implements AttributedNetwork {
        private int forwards;

        @Override
        public int classes() {
            return 3;
        }

        @Override
        public int imageChannels() {
            return 3;
        }

        @Override
        public boolean hasRectifiers() {
            return false;
        }

        @Override
        public float[] logits(RawImages.Floats images) {
            forwards += images.count();
            int area = images.shape().extent(2) * images.shape().extent(3);
            float[] logits = new float[3 * images.count()];
            for (int i = 0; i < logits.length; i++) {
                for (int at = i * area; at < (i + 1) * area; at++) {
                    logits[i] += 10 * images.values()[at] / area;
                }
            }
            return logits;
        }

        @Override
        public float[] input(RawImages.Floats images) {
            return images.values().clone();
        }

        @Override
        public float[] logitsOfInput(RawImages.Floats inputs) {
            return logits(inputs);
        }

        @Override
        public float[] probabilities(float[] logits) {
            float[] result = new float[logits.length];
            for (int i = 0; i < result.length; i++) {
                result[i] = (float) (1 / (1 + Math.exp(-logits[i])));
            }
            return result;
        }

        @Override
        public float[] gradients(RawImages.Floats images, List<List<Integer>> targets) {
            throw new UnsupportedOperationException();
        }

        @Override
        public float[] contributions(RawImages.Floats images, List<List<Integer>> targets) {
            Shape shape = images.shape();
            int area = shape.extent(2) * shape.extent(3);
            int width = targets.getFirst().size();
            float[] maps = new float[images.count() * width * 3 * area];
            for (int n = 0; n < images.count(); n++) {
                for (int t = 0; t < width; t++) {
                    int k = targets.get(n).get(t);
                    for (int i = 0; i < area; i++) {
                        maps[((n * width + t) * 3 + k) * area + i] =
                                10 * images.values()[(n * 3 + k) * area + i] / area;
                    }
                }
            }
            return maps;
        }

        @Override
        public int inputChannels() {
            return 3;
        }

        @Override
        public ActivationMaps activationMaps(RawImages.Floats images, List<List<Integer>> targets) {
            throw new UnsupportedOperationException();
        }
    }

    private static final class Silent implements Comparison.Listener {
        private final List<String> begun = new ArrayList<>();
        private final int stopAfter;
        private int measured;

        Silent(int stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void begin(String model, String method, Metric metric, int done, int of) {
            begun.add(method + " " + metric.label() + " " + done + "/" + of);
        }

        @Override
        public boolean measured(int done, int of) {
            return ++measured < stopAfter;
        }
    }

    private static final Map<String, AttributionMethod> OURS = Map.of("ours", AttributionMethods.of("ours", Map.of()));

    private List<Series> run(Silent listener, AttributedNetwork network) throws IOException {
        return new Comparison(settings, folder, listener)
                .run(
                        new Comparison.Model("colours", "abc", network),
                        OURS,
                        List.of(Metric.REMOVAL),
                        TestImages.of(Toys.images(6, 4, 1)),
                        "toys");
    }

    @Nested
    class RemovalOfPixels {
        @Test
        void lowersTheProbabilityOfAnImageThatIsItsColour() throws IOException {
            Series series = run(new Silent(100), new Colours()).getFirst();
            assertEquals(4, series.rows().size());
            for (double[] curve : series.rows()) {
                assertEquals(5, curve.length);
                for (int point = 1; point < curve.length; point++) {
                    assertTrue(curve[point] <= curve[point - 1], Arrays.toString(curve));
                }
            }
        }

        @Test
        void computesEveryMaskedImageOnce() throws IOException {
            Colours network = new Colours();
            run(new Silent(100), network);
            assertEquals(4 * 5, network.forwards);
        }
    }

    @Nested
    class AnInterruptedRun {
        @Test
        void goesOnWhereItWas() throws IOException {
            List<Series> whole = run(new Silent(100), new Colours());
            Path file = folder.resolve("values/colours_ours_removal.jsonl");
            String complete = Files.readString(file);
            Files.delete(file);
            assertTrue(run(new Silent(2), new Colours()).isEmpty());
            Silent again = new Silent(100);
            Colours network = new Colours();
            List<Series> continued = run(again, network);
            assertEquals(List.of("ours removal 2/4"), again.begun);
            assertEquals(2 * 5, network.forwards);
            assertEquals(complete, Files.readString(file));
            for (int row = 0; row < 4; row++) {
                assertArrayEquals(
                        whole.getFirst().rows().get(row),
                        continued.getFirst().rows().get(row));
            }
        }

        @Test
        void measuresALineAgainThatWasCutShort() throws IOException {
            run(new Silent(100), new Colours());
            Path file = folder.resolve("values/colours_ours_removal.jsonl");
            String complete = Files.readString(file);
            Files.writeString(file, complete.substring(0, complete.length() - 7));
            Silent again = new Silent(100);
            run(again, new Colours());
            assertEquals(List.of("ours removal 3/4"), again.begun);
            assertEquals(complete, Files.readString(file));
        }

        @Test
        void neverMixesValuesOfTwoModels() throws IOException {
            run(new Silent(100), new Colours());
            Comparison other = new Comparison(settings, folder, new Silent(100));
            IOException refusal = assertThrows(
                    IOException.class,
                    () -> other.run(
                            new Comparison.Model("colours", "def", new Colours()),
                            OURS,
                            List.of(Metric.REMOVAL),
                            TestImages.of(Toys.images(6, 4, 1)),
                            "toys"));
            assertTrue(refusal.getMessage().endsWith("choose another output folder"), refusal.getMessage());
        }

        @Test
        void refusesAFileThatIsSomethingElse() throws IOException {
            Files.createDirectories(folder.resolve("values"));
            Files.writeString(
                    folder.resolve("values/colours_ours_removal.jsonl"), "hello\n", StandardOpenOption.CREATE);
            assertThrows(IOException.class, () -> run(new Silent(100), new Colours()));
            assertEquals("hello\n", Files.readString(folder.resolve("values/colours_ours_removal.jsonl")));
        }
    }

    @Nested
    class ResultFiles {
        @Test
        void holdTheSummaryOfEverySeries() throws IOException {
            List<Series> all = run(new Silent(100), new Colours());
            ComparisonFiles.write(folder, Map.of(), all);
            List<String> csv = Files.readAllLines(folder.resolve("results.csv"));
            assertEquals(1 + 1 + 5, csv.size(), "head, summary and five points");
            assertTrue(csv.get(1).startsWith("colours,ours,removal,all,4,"), csv.get(1));
            assertTrue(Files.readString(folder.resolve("results.json")).contains("\"mean_low\""));
            assertTrue(Files.exists(folder.resolve("colours_ours_removal.npy")));
        }
    }

    @Nested
    class GridsOfImages {
        @Test
        void needConfidentImagesOfEnoughClasses() {
            Comparison comparison = new Comparison(settings, folder, new Silent(100));
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class,
                    () -> comparison.run(
                            new Comparison.Model("colours", "abc", new Colours()),
                            OURS,
                            List.of(Metric.LOCALISATION),
                            TestImages.of(Toys.images(6, 4, 1)),
                            "toys"));
            assertTrue(refusal.getMessage().contains("needs confident images of 4 classes"), refusal.getMessage());
        }
    }
}
