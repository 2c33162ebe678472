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
import org.codanet.metrics.BoxedObject;
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

    private static final Comparison.Data TOYS =
            new Comparison.Data(TestImages.of(Toys.images(6, 4, 1)), "toys", List.of());

    private List<Series> run(Silent listener, AttributedNetwork network) throws IOException {
        return new Comparison(settings, folder, listener)
                .run(new Comparison.Model("colours", "abc", network), OURS, List.of(Metric.REMOVAL), TOYS);
    }

    @Nested
    class OtherMetrics {
        private Series measured(Metric metric, Comparison.Data data) throws IOException {
            return new Comparison(settings, folder, new Silent(1000))
                    .run(new Comparison.Model("colours", "abc", new Colours()), OURS, List.of(metric), data)
                    .getFirst();
        }

        @Test
        void contributionsAreComplete() throws IOException {
            Series series = measured(Metric.COMPLETENESS, TOYS);
            assertEquals(4, series.rows().size());
            series.rows().forEach(row -> assertEquals(0, row[0], 1e-5));
        }

        /** The map is proportional to the image, so its change is the relative change of one colour. */
        @Test
        void stabilityIsTheLargestChangeOfTheMap() throws IOException {
            Series series = measured(Metric.STABILITY, TOYS);
            for (double[] row : series.rows()) {
                assertEquals(10, row.length);
                assertTrue(Arrays.stream(row).allMatch(v -> v > 0.001 && v < 0.2), Arrays.toString(row));
            }
            double mean = series.rows().stream()
                    .mapToDouble(row -> Arrays.stream(row).max().orElseThrow())
                    .average()
                    .orElseThrow();
            assertEquals(mean, series.summary().mean(), 1e-12);
        }

        @Test
        void deletionEndsInBlackAndInsertionWithTheImage() throws IOException {
            Series deletion = measured(Metric.DELETION, TOYS);
            Series insertion = measured(Metric.INSERTION, TOYS);
            for (int row = 0; row < 4; row++) {
                double[] falling = deletion.rows().get(row);
                assertEquals(0.5, falling[4], 1e-6, "the logits of a black image are 0");
                assertEquals(falling[0], insertion.rows().get(row)[4], 1e-6);
            }
            double[] first = deletion.rows().getFirst();
            double area = (first[0] / 2 + first[1] + first[2] + first[3] + first[4] / 2) / 4;
            Series one = new Series("m", "ours", Metric.DELETION, List.of(first), 0);
            assertEquals(area, one.summary().mean(), 1e-12);
        }

        @Test
        void pointingReadsBoxesOfAFile() throws IOException {
            Path file = Files.writeString(
                    folder.resolve("boxes.json"),
                    "{\"objects\": [{\"image\": 1, \"class\": \"b\", \"boxes\": [[0, 0, 7, 7]]},"
                            + " {\"image\": \"c/2.png\", \"class\": \"c\", \"boxes\": [[0, 0, 1, 1], [0, 0, 2, 3]]}]}");
            List<BoxedObject> objects = BoxFile.read(file, i -> "x/c/" + i + ".png", 6, List.of("a", "b", "c"));
            Series series = measured(Metric.POINTING, new Comparison.Data(TOYS.images(), "toys", objects));
            assertEquals(1, series.rows().getFirst()[0], 1e-12);
            float[] image = TOYS.images().image(2);
            double inside = 0;
            double all = 0;
            for (int i = 0; i < 49; i++) {
                inside += i % 7 < 2 && i / 7 < 3 ? image[2 * 49 + i] : 0;
                all += image[2 * 49 + i];
            }
            assertEquals(inside / all, series.rows().get(1)[0], 1e-6);
        }

        @Test
        void boxesThatDoNotFitAreRefused() throws IOException {
            for (String[] wrong : new String[][] {
                {"{\"objects\": []}", "holds no objects"},
                {
                    "{\"objects\": [{\"image\": 6, \"class\": \"a\", \"boxes\": [[0,0,1,1]]}]}",
                    "no image 6; the data holds"
                },
                {
                    "{\"objects\": [{\"image\": \"y.png\", \"class\": \"a\", \"boxes\": [[0,0,1,1]]}]}",
                    "no image of the data"
                },
                {"{\"objects\": [{\"image\": 0, \"class\": \"z\", \"boxes\": [[0,0,1,1]]}]}", "no class 'z'"},
                {"{\"objects\": [{\"image\": 0, \"class\": \"a\", \"boxes\": [[0,0,1]]}]}", "not four numbers"},
                {"{\"objects\": [{\"image\": 0, \"class\": \"a\", \"boxes\": []}]}", "has no box"},
                {"[]", "not a JSON object"},
            }) {
                Path file = Files.writeString(folder.resolve("wrong.json"), wrong[0]);
                IOException refusal = assertThrows(
                        IOException.class, () -> BoxFile.read(file, i -> i + ".png", 6, List.of("a", "b", "c")));
                assertTrue(
                        refusal.getMessage().startsWith(file + ":")
                                && refusal.getMessage().contains(wrong[1]),
                        refusal.getMessage());
            }
            List<BoxedObject> outside = List.of(new BoxedObject(0, 0, List.of(new BoxedObject.Box(0, 0, 8, 7))));
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class,
                    () -> measured(Metric.POINTING, new Comparison.Data(TOYS.images(), "toys", outside)));
            assertTrue(refusal.getMessage().contains("not inside the image of 7 x 7"), refusal.getMessage());
        }
    }

    @Test
    void imagesOfACurveAreDrawnAtRandomOrAreTheFirstOnes() {
        ComparisonSettings more = new ComparisonSettings(Protocol.CORRECTED, 2, 10, 50, 0.5, 4, 0);
        ComparisonSettings fewer = new ComparisonSettings(Protocol.CORRECTED, 2, 10, 7, 0.5, 4, 0);
        int[] order = more.order(100);
        assertEquals(50, Arrays.stream(order).distinct().count());
        assertTrue(Arrays.stream(order).anyMatch(i -> i >= 75)
                && Arrays.stream(order).anyMatch(i -> i < 25));
        assertArrayEquals(Arrays.copyOf(order, 7), fewer.order(100), "a run can be continued with more images");
        assertArrayEquals(
                new int[] {0, 1, 2}, new ComparisonSettings(Protocol.ORIGINAL, 2, 10, 3, 0.5, 4, 0).order(100));
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
                            TOYS));
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
                            TOYS));
            assertTrue(refusal.getMessage().contains("needs confident images of 4 classes"), refusal.getMessage());
        }
    }
}
