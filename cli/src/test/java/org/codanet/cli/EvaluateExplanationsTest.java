package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate-explanations} on a small network and six images. */
final class EvaluateExplanationsTest {
    @TempDir
    Path folder;

    private Path model;
    private Path data;

    @BeforeEach
    void makeInputs() throws IOException {
        model = Samples.model(folder, false);
        data = Files.createDirectories(folder.resolve("data"));
        for (String part : List.of("train", "test")) {
            Samples.array(data, part + "_images.npy", 6, 3);
            NpyFile.write(
                    data.resolve(part + "_labels.npy"), TensorData.ofLongs(List.of(6), new long[] {0, 1, 2, 0, 1, 2}));
        }
    }

    private Run run(Object... more) {
        Object[] arguments = new Object[9 + more.length];
        Object[] first = {
            "evaluate-explanations",
            "--model",
            model,
            "--data",
            data,
            "--out",
            folder.resolve("study"),
            "--share",
            "0.5"
        };
        System.arraycopy(first, 0, arguments, 0, first.length);
        System.arraycopy(more, 0, arguments, first.length, more.length);
        return Run.of(arguments);
    }

    @Test
    void resultsAreATableAndFiles() throws IOException {
        Run run = run(
                        "--methods",
                        "ours,grad,occlusion:size=3:stride=3",
                        "--metrics",
                        "removal,removal-most",
                        "--points",
                        "8")
                .succeeded();
        assertEquals(1 + 3 * 2, run.out().lines().count());
        assertTrue(run.out().lines().anyMatch(line -> line.contains("occlusion:size=3:stride=3")), run.out());
        List<String> names = Samples.namesIn(folder.resolve("study"));
        assertTrue(names.containsAll(List.of("results.csv", "results.json", "values")), names.toString());
        assertTrue(names.contains("colour_ours_removal-most.npy"), names.toString());
    }

    @Test
    void theReportHasEveryMetricAndTheCommand() throws IOException {
        Path boxes = Files.writeString(
                folder.resolve("boxes.json"),
                "{\"objects\": [{\"image\": 2, \"class\": \"dog\", \"boxes\": [[1, 2, 4, 6]]}]}");
        run(
                        "--methods",
                        "ours,grad",
                        "--metrics",
                        "removal,deletion,insertion,completeness,stability,pointing",
                        "--boxes",
                        boxes,
                        "--points",
                        "8",
                        "--gallery",
                        "2",
                        "--scale",
                        "fixed")
                .succeeded();
        String page = Files.readString(folder.resolve("study/report.html"));
        for (String title : List.of("Deletion", "Insertion", "Completeness error", "Change under small noise")) {
            assertTrue(page.contains("<h2>" + title + "</h2>"), title);
        }
        assertTrue(page.contains("codanet evaluate-explanations --model"), "the command");
        assertEquals(2, Samples.namesIn(folder.resolve("study/gallery")).size());
        List<String> plots = Samples.namesIn(folder.resolve("study/plots"));
        assertTrue(plots.containsAll(List.of("completeness.svg", "deletion-colour.png")), plots.toString());
        assertTrue(
                Files.readString(folder.resolve("study/results.json")).contains("\"sha256 of colour\""),
                "the hash of the model");
    }

    /** A network of 8 x 8 pixels whose weights do not depend on the image: classes 0 to 2 look for a colour, class 3 for black. */
    private static ModelFile fourColours() {
        CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(4, 1, 1, 1, 0)
                // Positive logits make all images confident.
                .logitBias(5)
                .build();
        float[] bias = new float[6 * 4];
        for (int c = 0; c < 3; c++) {
            bias[c * 4 + c] = 1;
            bias[(3 + c) * 4 + 3] = 0.35f;
        }
        Map<String, TensorData> weights = new LinkedHashMap<>();
        config.parameterShapes().forEach((key, shape) -> {
            float[] zeros = new float[Math.toIntExact(TensorData.elements(shape))];
            weights.put(key, TensorData.ofFloats(shape, key.endsWith("bias") ? bias : zeros));
        });
        return new ModelFile(
                config,
                new NamedTensors(weights),
                Optional.of(new Preprocessing(3, 8, 8, 0)),
                Optional.empty(),
                Map.of());
    }

    /** A model file states the extents of its images. Grids are larger. */
    @Test
    void gridsOfAModelWithKnownExtentsAreExplained() throws IOException {
        Path square = Files.createDirectories(folder.resolve("square"));
        Path four = folder.resolve("four.safetensors");
        fourColours().write(four);
        int count = 12;
        float[] pixels = new float[count * 3 * 64];
        long[] labels = new long[count];
        for (int n = 0; n < count; n++) {
            labels[n] = n % 4;
            for (int i = 0; i < 3 * 64; i++) {
                // Red, green and blue images, and black ones for class 3.
                pixels[n * 3 * 64 + i] = i / 64 == n % 4 ? 0.9f - 0.01f * n : 0;
            }
        }
        for (String part : List.of("train", "test")) {
            Samples.array(square, part + "_images.npy", List.of(count, 3, 8, 8), pixels);
            NpyFile.write(square.resolve(part + "_labels.npy"), TensorData.ofLongs(List.of(count), labels));
        }
        String table = Run.of(
                        "evaluate-explanations",
                        "--model",
                        four,
                        "--data",
                        square,
                        "--methods",
                        "ours,occlusion:size=4:stride=4",
                        "--metrics",
                        "localisation,difull,dipart",
                        "--side",
                        "2",
                        "--grids",
                        "2",
                        "--out",
                        folder.resolve("study"))
                .succeeded()
                .out();
        assertTrue(table.lines().anyMatch(line -> line.matches("four +ours +difull +2 +1\\.0000 .*")), table);
    }

    /** Bad data is one sentence, and what was measured before remains. */
    @Nested
    class BadData {
        private Run localise(Path images, Object... more) {
            List<Object> arguments = new ArrayList<>(List.of("evaluate-explanations", "--model", model, "--data"));
            arguments.addAll(
                    List.of(images, "--out", folder.resolve("study"), "--metrics", "localisation", "--side", "2"));
            arguments.addAll(List.of(more));
            return Run.of(arguments.toArray());
        }

        private Path pictures(String name, int width, int height, String... classes) throws IOException {
            Path root = folder.resolve(name);
            for (String part : List.of("train", "test")) {
                for (String one : classes) {
                    Path place = Files.createDirectories(root.resolve(part).resolve(one));
                    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
                    ImageIO.write(picture, "png", place.resolve("a.png").toFile());
                }
            }
            return root;
        }

        @Test
        void oneClassIsTooFew() throws IOException {
            fourColours().write(model);
            localise(pictures("one", 8, 8, "0"), "--methods", "ours")
                    .failsWith(1, "has 1 classes, but the network has 4");
        }

        @Test
        void imagesOfSeveralSizesNeedAModelThatRecordsItsSize() throws IOException {
            ModelFile four = fourColours();
            new ModelFile(four.config(), four.weights(), Optional.empty(), Optional.empty(), Map.of()).write(model);
            Path mixed = pictures("mixed", 8, 8, "0", "1", "2", "3");
            BufferedImage larger = new BufferedImage(9, 11, BufferedImage.TYPE_INT_RGB);
            ImageIO.write(larger, "png", mixed.resolve("test/1/b.png").toFile());
            Run run = localise(mixed, "--methods", "ours");
            assertTrue(run.code() != 0 && run.err().contains("images of several sizes"), run.code() + " " + run.err());
            assertEquals(
                    1,
                    run.err()
                            .lines()
                            .filter(line -> line.startsWith("codanet evaluate-explanations:"))
                            .count());
        }

        @Test
        void mapsThatAreNotNumbersStopTheRun() throws IOException {
            run("--methods", "ours", "--metrics", "removal", "--points", "8").succeeded();
            Path values = folder.resolve("study/values/colour_ours_removal.jsonl");
            String before = Files.readString(values);
            ModelFile good = ModelFile.read(model);
            Map<String, TensorData> broken = new LinkedHashMap<>(good.weights().tensors());
            broken.replaceAll((key, tensor) -> {
                float[] nan = tensor.toFloats();
                nan[0] = Float.NaN;
                return TensorData.ofFloats(tensor.shape(), nan);
            });
            Path bad = folder.resolve("bad.safetensors");
            new ModelFile(good.config(), new NamedTensors(broken), good.preprocessing(), Optional.empty(), Map.of())
                    .write(bad);
            Run run = Run.of(
                    "evaluate-explanations",
                    "--model",
                    bad,
                    "--data",
                    data,
                    "--methods",
                    "ours",
                    "--metrics",
                    "removal",
                    "--points",
                    "8",
                    "--share",
                    "0.5",
                    "--out",
                    folder.resolve("study"));
            assertTrue(run.code() != 0, run.err());
            assertEquals(
                    1,
                    run.err()
                            .lines()
                            .filter(line -> line.startsWith("codanet evaluate-explanations:"))
                            .count(),
                    run.err());
            assertEquals(before, Files.readString(values), "the values of the other model");
        }
    }

    @Test
    void pointingNeedsBoxes() {
        run("--methods", "ours", "--metrics", "pointing", "--points", "8").failsWith(2, "give a file of boxes");
    }

    @Test
    void anotherProgramsReportIsNotReplaced() throws IOException {
        Path page = Files.createDirectories(folder.resolve("study")).resolve("report.html");
        Files.writeString(page, "mine");
        run("--methods", "ours", "--metrics", "removal", "--points", "8").failsWith(1, "is not a page of codanet");
        assertEquals("mine", Files.readString(page));
    }

    @Test
    void aRepeatedRunMeasuresNothingAgain() {
        Object[] options = {"--methods", "ours", "--metrics", "removal", "--points", "8", "--json"};
        String first = run(options).succeeded().out();
        Run again = run(options).succeeded();
        assertEquals(first, again.out());
        assertTrue(again.err().contains("6 of 6 were measured by an earlier run"), again.err());
    }

    @Test
    void valuesOfOtherSettingsAreRefused() {
        run("--methods", "ours", "--metrics", "removal", "--points", "8").succeeded();
        run("--methods", "ours", "--metrics", "removal", "--points", "9").failsWith(1, "choose another output folder");
    }

    @Test
    void tooFewClassesForAGridAreRefused() {
        run("--methods", "ours", "--metrics", "localisation", "--points", "8")
                .failsWith(2, "needs confident images of 9 classes");
    }

    @Test
    void unknownNamesAreRefusedWithTheKnownOnes() {
        run("--methods", "magic").failsWith(2, "there is no attribution method magic; there are ours,");
        run("--methods", "occlusion:width=3")
                .failsWith(2, "occlusion has no setting width; it has size, stride, window");
        run("--metrics", "magic").failsWith(2, "there is no metric magic");
    }

    @Test
    void explainListsTheMethodsWithTheirSettings() {
        String methods = Run.of("explain", "--methods").succeeded().out();
        assertEquals(12, methods.lines().count(), methods);
        assertTrue(methods.contains("size=5 stride=2 window=exact"), methods);
    }

    @Test
    void explainWritesTheMapsOfAMethodAsAnArray() throws IOException {
        Path images = Samples.array(folder, "X.npy", 2, 3);
        Path maps = folder.resolve("C.npy");
        Run.of(
                        "explain",
                        "--model",
                        model,
                        "--input",
                        images,
                        "--method",
                        "intgrad",
                        "--set",
                        "n_steps=3",
                        "--target",
                        "all",
                        "--channels",
                        "--output",
                        maps)
                .succeeded();
        assertEquals(
                List.of(2, 3, 3, Samples.HEIGHT, Samples.WIDTH),
                NpyFile.read(maps).shape());
    }

    @Test
    void explainWritesTheMapsOfAMethodAsPictures() throws IOException {
        Path photo = Samples.picture(folder.resolve("photo.png"));
        Path square = folder.resolve("maps");
        Run.of("explain", "--model", model, "--input", photo, "--method", "occ5", "--target", "cat", "--output", square)
                .succeeded();
        List<String> names = Samples.namesIn(square);
        assertEquals(1, names.size());
        assertTrue(names.getFirst().endsWith("photo-occ5-cat.png"), names.toString());
    }

    @Test
    void explainWritesStripsLayersAndWeights() throws IOException {
        Path photo = Samples.picture(folder.resolve("photo.png"));
        Path views = folder.resolve("views");
        Run.of(
                        "explain",
                        "--model",
                        model,
                        "--input",
                        photo,
                        "--strip",
                        "ours,occlusion:size=3:stride=3",
                        "--scale",
                        "fixed",
                        "--layers",
                        "--weights",
                        "--target",
                        "cat,dog",
                        "--output",
                        views)
                .succeeded();
        List<String> names = Samples.namesIn(views);
        assertEquals(6, names.size(), names.toString());
        String stem = names.getFirst().replaceFirst("-layers.*", "");
        BufferedImage strip =
                ImageIO.read(views.resolve(stem + "-strip-cat.png").toFile());
        BufferedImage layers =
                ImageIO.read(views.resolve(stem + "-layers-cat.png").toFile());
        BufferedImage weights =
                ImageIO.read(views.resolve(stem + "-weights-dog.png").toFile());
        int side = 18 * Samples.WIDTH;
        assertEquals(18 * Samples.HEIGHT, strip.getHeight());
        assertEquals(3 * side + 2 * 8, strip.getWidth(), "input and two methods, 160 pixels high at least");
        // Input and first layer read 9 x 7 values. The network has two layers, and both read positions of this size.
        assertEquals(3 * 25 * Samples.WIDTH + 2 * 8, layers.getWidth());
        assertTrue(weights.getColorModel().hasAlpha());
        Run.of("explain", "--model", model, "--input", photo, "--strip", "magic", "--output", views)
                .failsWith(2, "there is no attribution method magic");
        Run.of("explain", "--model", model, "--input", photo, "--weights", "--json", "--output", views)
                .failsWith(2, "leave out --method, --json");
    }

    @Test
    void explainSaysWhereAMethodEqualsAnother() {
        Path images = array();
        Run run = Run.of(
                        "explain",
                        "--model",
                        model,
                        "--input",
                        images,
                        "--method",
                        "gb",
                        "--output",
                        folder.resolve("G.npy"))
                .succeeded();
        assertTrue(run.err().contains("GuidedBackprop equals the gradient"), run.err());
    }

    @Test
    void explainRefusesSettingsThatTheMethodDoesNotHave() {
        Run.of("explain", "--model", model, "--input", array(), "--method", "grad", "--set", "x=1")
                .failsWith(2, "grad has no setting x; it has none");
        Run.of("explain", "--model", model, "--input", array(), "--set", "x=1").failsWith(2, "ours has no setting x");
    }

    private Path array() {
        try {
            return Samples.array(folder, "X.npy", 2, 3);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
