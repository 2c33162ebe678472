package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.ModelFile;
import org.codanet.train.TrainingRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands whose input contains readable and unreadable pictures. */
final class UnreadableImagesTest {
    @TempDir
    static Path folder;

    private static Path model;

    /** a.png and d.png are valid, b.png is truncated, c.png is text. */
    private static Path pictures;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        pictures = mixed(folder.resolve("pictures"));
    }

    private static Path mixed(Path target) throws IOException {
        Files.createDirectories(target);
        byte[] whole = Files.readAllBytes(Samples.picture(target.resolve("a.png")));
        Files.write(target.resolve("b.png"), Arrays.copyOf(whole, whole.length / 2));
        Files.writeString(target.resolve("c.png"), "not a picture");
        Samples.picture(target.resolve("d.png"));
        return target;
    }

    private static void assertLists(Run run, String command, int images) {
        assertEquals(1, run.code(), run.err());
        List<String> lines = run.err().lines().toList();
        int at = lines.indexOf("codanet " + command + ": 2 of " + images + " images could not be read:");
        assertTrue(at >= 0, run.err());
        assertTrue(lines.get(at + 1).contains("b.png: "), run.err());
        assertTrue(lines.get(at + 2).contains("c.png: "), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
    }

    @Nested
    final class Predict {
        @Test
        void goesOnListsThemAndFails() {
            Run run = Run.of("predict", "-q", "--model", model, pictures);
            assertLists(run, "predict", 4);
            assertTrue(run.out().contains("a.png") && run.out().contains("d.png"), run.out());
            assertFalse(run.out().contains("b.png") || run.out().contains("c.png"), run.out());
        }

        @Test
        void printsTheirErrorsAsJson() {
            List<JsonObject> images = Run.of("predict", "-q", "--json", "--model", model, pictures)
                    .out()
                    .lines()
                    .map(line -> JsonParser.parseString(line).getAsJsonObject())
                    .toList();
            assertEquals(4, images.size());
            assertTrue(images.get(0).has("classes") && images.get(3).has("classes"));
            assertTrue(images.get(1).get("image").getAsString().endsWith("b.png"));
            assertTrue(images.get(2).get("error").getAsString().contains("c.png: "));
        }

        @Test
        void keepsTheRowsOfAnArrayAtTheirPlaces() throws IOException {
            Path logits = folder.resolve("logits.npy");
            assertLists(Run.of("predict", "--model", model, pictures, "--output", logits), "predict", 4);
            TensorData rows = NpyFile.read(logits);
            assertEquals(List.of(4, 3), rows.shape());
            float[] values = rows.toFloats();
            for (int i = 0; i < 12; i++) {
                boolean unreadable = i / 3 == 1 || i / 3 == 2;
                assertEquals(unreadable, Float.isNaN(values[i]), "row " + i / 3);
            }
        }

        @Test
        void stopsAtTheFirstIfStrict() {
            Run run = Run.of("predict", "-q", "--strict", "--model", model, pictures);
            run.failsWith(1, "b.png");
            assertFalse(run.err().contains("c.png"), run.err());
        }

        @Test
        void saysInOneSentenceWhyASinglePictureFails() {
            Run run = Run.of("predict", "-q", "--model", model, pictures.resolve("a.png"), pictures.resolve("no.png"));
            run.failsWith(1, "codanet predict: " + pictures.resolve("no.png") + ": no such file");
            assertTrue(run.out().contains("a.png"), run.out());
        }

        @Test
        void findsTheExtentsOfANetworkThatDoesNotRecordThem() throws IOException {
            Path bare = folder.resolve("bare.safetensors");
            Path config = Files.writeString(
                    folder.resolve("bare.json"), Samples.config(false).toJson());
            Run.of("convert", "--pytorch-keys", model, bare).succeeded();
            Run run = Run.of("predict", "-q", "--model", bare, "--config", config, pictures.resolve("b.png"), pictures);
            assertEquals(1, run.code());
            assertTrue(run.out().contains("a.png") && run.out().contains("d.png"), run.out());
        }
    }

    @Nested
    final class PredictToATable {
        @Test
        void hasALinePerImageAndClass() throws IOException {
            Path table = folder.resolve("table.csv");
            Run run = Run.of("predict", "--model", model, pictures, "--top", "2", "--csv", table);
            assertLists(run, "predict", 4);
            assertEquals("", run.out());
            List<String> lines = Files.readAllLines(table);
            assertEquals("image,rank,class,label,probability,logit,error", lines.get(0));
            assertEquals(7, lines.size(), lines.toString());
            assertTrue(lines.get(1).startsWith(pictures.resolve("a.png") + ",1,"), lines.get(1));
            assertTrue(lines.get(2).startsWith(pictures.resolve("a.png") + ",2,"), lines.get(2));
            assertTrue(lines.get(3).startsWith(pictures.resolve("b.png") + ",,,,,,"), lines.get(3));
        }

        @Test
        void hasTheNumbersThatAreOtherwisePrinted() throws IOException {
            Path table = folder.resolve("numbers.csv");
            Path picture = pictures.resolve("a.png");
            Run.of("predict", "--model", model, picture, "--csv", table, "--top", "1")
                    .succeeded();
            JsonObject best = JsonParser.parseString(Run.of("predict", "-q", "--json", "--model", model, picture)
                            .out())
                    .getAsJsonObject()
                    .getAsJsonArray("classes")
                    .get(0)
                    .getAsJsonObject();
            String[] fields = Files.readAllLines(table).get(1).split(",");
            assertEquals(best.get("class").getAsString(), fields[2]);
            assertEquals(best.get("probability").getAsString(), fields[4]);
            assertEquals(best.get("logit").getAsString(), fields[5]);
        }
    }

    @Nested
    final class Explain {
        @Test
        void goesOnListsThemAndFails() throws IOException {
            Path out = folder.resolve("maps");
            Run run = Run.of("explain", "--model", model, pictures, "--target", "cat", "--output", out);
            assertLists(run, "explain", 4);
            assertEquals(3, Samples.namesIn(out).size(), "two pictures and a page");
        }

        @Test
        void keepsTheMapsOfAnArrayAtTheirPlaces() throws IOException {
            Path maps = folder.resolve("maps.npy");
            Path bad = pictures.resolve("b.png");
            Path good = pictures.resolve("a.png");
            Run run =
                    Run.of("explain", "--model", model, "--target", "cat", "--output", maps, "--input", bad, good, bad);
            assertEquals(1, run.code(), run.err());
            float[] values = NpyFile.read(maps).toFloats();
            int area = Samples.HEIGHT * Samples.WIDTH;
            assertEquals(3 * area, values.length);
            for (int i = 0; i < values.length; i++) {
                assertEquals(i / area != 1, Float.isNaN(values[i]), "image " + i / area);
            }
        }

        @Test
        void stopsAtTheFirstIfStrict() {
            Run.of("explain", "--strict", "--model", model, pictures, "--output", folder.resolve("strict"))
                    .failsWith(1, "b.png");
        }
    }

    @Nested
    final class TrainAndEvaluate {
        private static Path data;
        private static Path config;

        @BeforeAll
        static void makeData() throws IOException {
            data = folder.resolve("data");
            for (String part : List.of("train", "test")) {
                mixed(data.resolve(part).resolve("cat"));
                Samples.picture(Files.createDirectories(data.resolve(part).resolve("dog"))
                        .resolve("e.png"));
            }
            config = Files.writeString(folder.resolve("small.json"), """
                    {"in_channels": 6, "out_channels": [4, 2], "ranks": [2, 2], "kernels": [3, 3], "strides": [4, 4],
                     "paddings": [0, 0], "norm": "SQ", "temperature": 10, "num_classes": 2, "add_inverse": true}
                    """);
        }

        private static Run train(String out, Object... more) {
            List<Object> words = new ArrayList<>(List.of("train", "--config", config, "--data", data, "--epochs", "1"));
            words.addAll(List.of("--batch", "2", "--out", folder.resolve(out)));
            words.addAll(List.of(more));
            return Run.of(words.toArray());
        }

        @Test
        void trainTrainsOnTheOthersListsThemAndFails() {
            Run run = train("run");
            assertEquals(1, run.code(), run.err());
            assertTrue(run.err().contains("codanet train: 4 of 10 images could not be read:"), run.err());
            assertTrue(run.err().contains("without 2 that cannot be read"), run.err());
            assertTrue(Files.exists(new TrainingRun(folder.resolve("run")).last()));
        }

        /** Small photos that are resized are kept in memory; the network must be the same as when they are read in every epoch. */
        @Test
        void trainResizesTheOthers() {
            Run run = train("resized-run", "--size", "16");
            assertEquals(1, run.code(), run.err());
            assertTrue(run.err().contains("codanet train: 4 of 10 images could not be read:"), run.err());
            assertTrue(run.err().contains("without 2 that cannot be read"), run.err());
        }

        @Test
        void trainTakesClassWeights() throws IOException {
            Run run = train("weighted", "--class-weights", "balanced");
            assertTrue(run.err().contains("class weights: cat 0.7500, dog 1.500"), run.err());
            assertEquals(
                    List.of(0.75, 1.5),
                    ModelFile.read(new TrainingRun(folder.resolve("weighted")).last())
                            .recipe()
                            .orElseThrow()
                            .classWeights());
            train("weights-3", "--class-weights", "1,2,3").failsWith(2, "has 2 classes, but there are 3 weights");
            train("weights-0", "--class-weights", "nothing.json").failsWith(1, "nothing.json");
        }

        @Test
        void quickstartTrainsOnTheOthersListsThemAndFails() throws IOException {
            Path ten = folder.resolve("ten");
            for (String part : List.of("train", "test")) {
                for (int k = 0; k < 10; k++) {
                    Path pictures = Files.createDirectories(ten.resolve(part).resolve("class" + k));
                    ImageIO.write(
                            new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB),
                            "png",
                            pictures.resolve("a.png").toFile());
                }
            }
            Files.writeString(ten.resolve("train/class3/b.png"), "not a picture");
            Path out = folder.resolve("quickstart");
            Object[] words = {"quickstart", "--data", ten, "--out", out, "--epochs", "1", "--device", "cpu"};
            Run run = Run.of(words);
            assertEquals(1, run.code(), run.err());
            assertTrue(run.err().contains("codanet quickstart: ") && run.err().contains("b.png: "), run.err());
            assertTrue(Files.exists(out.resolve("index.html")), run.err());
            List<Object> strict = new ArrayList<>(List.of(words));
            strict.add("--strict");
            Run.of(strict.toArray()).failsWith(1, "b.png");
        }

        @Test
        void trainStopsAtTheFirstIfStrict() {
            train("strict-run", "--strict").failsWith(1, "/train/cat/");
        }

        @Test
        void evaluateCountsTheOthers() {
            train("evaluated");
            Path trained = new TrainingRun(folder.resolve("evaluated")).last();
            Run run = Run.of("evaluate", "--json", "--model", trained, "--data", data);
            assertLists(run, "evaluate", 5);
            JsonObject scores = JsonParser.parseString(run.out()).getAsJsonObject();
            assertEquals(3, scores.get("images").getAsInt());
            Run.of("evaluate", "--strict", "--model", trained, "--data", data).failsWith(1, "/test/cat/");
        }
    }
}
