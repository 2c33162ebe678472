package org.codanet.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the original protocol with the authors' code, index by index. Logits and maps come from the files. */
final class GoldenMetricsTest {
    static Stream<GoldenFile> files() {
        return GoldenFolder.ofKind("eval_metrics");
    }

    @ParameterizedTest
    @MethodSource("files")
    void theMostConfidentImagesOfEachClassAreTheAuthors(GoldenFile file) {
        Confidences confidences = confidences(file);
        long[] counts = file.longs("conf_class_count");
        long[] images = file.longs("conf_sorted_index");
        float[] logits = file.floats("conf_sorted_logit");
        int at = 0;
        for (int k = 0; k < counts.length; k++) {
            assertEquals(counts[k], confidences.images(k).size(), "correct images of class " + k);
            for (Confidences.Image image : confidences.images(k)) {
                assertEquals(images[at], image.index(), "place " + at);
                assertEquals(logits[at++], image.logit());
            }
        }
        assertEquals(images.length, at);
    }

    @ParameterizedTest
    @MethodSource("files")
    void gridsHoldTheAuthorsImages(GoldenFile file) {
        for (int side : List.of(2, 3)) {
            String prefix = "loc" + side * side + "_";
            long[] images = file.longs(prefix + "image_index");
            long[] classes = file.longs(prefix + "target");
            List<Grid> grids = GridSampler.sample(confidences(file), side, 60, Protocol.ORIGINAL, 0);
            assertEquals(file.shape(prefix + "image_index").getFirst(), grids.size(), "grids of side " + side);
            assertArrayEquals(images, flat(grids.stream().map(Grid::images)));
            assertArrayEquals(classes, flat(grids.stream().map(Grid::classes)));
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void theFirstMultiImageIsTheAuthors(GoldenFile file) {
        for (int side : List.of(2, 3)) {
            String prefix = "loc" + side * side + "_";
            Grid grid = GridSampler.sample(confidences(file), side, 1, Protocol.ORIGINAL, 0)
                    .getFirst();
            int size = file.integer("image_size");
            float[] all = file.floats("images");
            List<float[]> pixels = grid.images().stream()
                    .map(n -> Arrays.copyOfRange(all, n * 3 * size * size, (n + 1) * 3 * size * size))
                    .toList();
            assertArrayEquals(file.floats(prefix + "multi_image_0"), grid.compose(pixels, 3, size, size));
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void sharesOfTheFirstGridAreTheAuthors(GoldenFile file) {
        for (int side : List.of(2, 3)) {
            int cells = side * side;
            String prefix = "loc" + cells + "_";
            Grid grid = GridSampler.sample(confidences(file), side, 1, Protocol.ORIGINAL, 0)
                    .getFirst();
            int size = file.integer("image_size");
            float[] maps = file.floats(prefix + "map_0_Ours");
            float[] fractions = file.floats(prefix + "fraction_Ours");
            int area = cells * size * size;
            for (int t = 0; t < cells; t++) {
                double[] shares = grid.shares(Arrays.copyOfRange(maps, t * area, (t + 1) * area), size, size);
                for (int k = 0; k < cells; k++) {
                    assertEquals(fractions[t * cells + k], shares[k], 1e-6, "target " + t + ", cell " + k);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void pixelsAreRemovedInTheAuthorsOrder(GoldenFile file) {
        for (JsonElement element : file.config().getAsJsonArray("removal")) {
            JsonObject setting = element.getAsJsonObject();
            String method = setting.get("method").getAsString();
            String config = setting.get("config").getAsString();
            String name = "rem_" + method + (config.equals("default") ? "" : "_" + config) + "_"
                    + setting.get("direction").getAsString() + "_"
                    + setting.get("sample_points").getAsInt();
            PixelRemoval removal = removal(setting);
            float[] importance = file.floats(name + "_importance");
            long[] orders = file.longs(name + "_order");
            int pixels = file.integer("image_size") * file.integer("image_size");
            int images = importance.length / pixels;
            int length = orders.length / images;
            for (int n = 0; n < images; n++) {
                int[] order = removal.order(Arrays.copyOfRange(importance, n * pixels, (n + 1) * pixels));
                assertArrayEquals(
                        Arrays.copyOfRange(orders, n * length, (n + 1) * length),
                        Arrays.stream(order).asLongStream().toArray(),
                        name + ", image " + n);
            }
            long[] arithmetic = file.longs(name + "_arith");
            List<Integer> counts = removal.counts(pixels);
            assertEquals(arithmetic[2], (long) counts.size(), name + ": points");
            assertEquals(arithmetic[1], (long) counts.get(1), name + ": pixels between two points");
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void equalValuesAreOrderedAsNumpysHeapSortLeavesThem(GoldenFile file) {
        if (file.has("ties_values")) {
            int[] order = PixelOrder.introsort(file.floats("ties_values"));
            assertArrayEquals(
                    file.longs("ties_order"),
                    Arrays.stream(order).asLongStream().toArray());
        }
    }

    private static PixelRemoval removal(JsonObject setting) {
        return new PixelRemoval(
                setting.get("direction").getAsString().equals("least")
                        ? Removal.LEAST_IMPORTANT_FIRST
                        : Removal.MOST_IMPORTANT_FIRST,
                setting.get("num_pixels").getAsDouble(),
                setting.get("sample_points").getAsInt(),
                Protocol.ORIGINAL);
    }

    private static Confidences confidences(GoldenFile file) {
        int[] labels =
                Arrays.stream(file.longs("labels")).mapToInt(Math::toIntExact).toArray();
        return Confidences.of(
                file.floats("logits"), labels, file.shape("logits").get(1));
    }

    private static long[] flat(Stream<List<Integer>> lists) {
        return lists.flatMap(List::stream).mapToLong(Integer::longValue).toArray();
    }

    /** The files must contain cases. Otherwise every test above would pass without checking anything. */
    @ParameterizedTest
    @MethodSource("files")
    void everyFileHasGridsAndCurves(GoldenFile file) {
        assertEquals(
                2,
                IntStream.of(2, 3)
                        .filter(s -> file.has("loc" + s * s + "_image_index"))
                        .count());
        assertEquals(false, file.config().getAsJsonArray("removal").isEmpty());
    }
}
