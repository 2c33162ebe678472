package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The steps of a new user who has a folder of photos of several sizes, with the commands that {@code --help} shows: write a config,
 * train, evaluate, predict, explain.
 */
final class OwnPhotosTest {
    private static final List<String> CLASSES = List.of("berries", "leaves", "sky");
    private static final int[][] SIZES = {{90, 60}, {60, 90}, {120, 70}, {50, 50}, {64, 100}};

    @TempDir
    static Path folder;

    private static Path photos;

    /** JPEG photos of noise in which one colour dominates. */
    @BeforeAll
    static void takePhotos() throws IOException {
        photos = folder.resolve("photos");
        SplittableRandom random = new SplittableRandom(7);
        for (String part : List.of("train", "test")) {
            for (int k = 0; k < CLASSES.size(); k++) {
                Path album = Files.createDirectories(photos.resolve(part).resolve(CLASSES.get(k)));
                for (int i = 0; i < (part.equals("train") ? 15 : 5); i++) {
                    int[] size = SIZES[i % SIZES.length];
                    assertTrue(ImageIO.write(
                            photo(k, size, random),
                            "jpg",
                            album.resolve(i + ".jpg").toFile()));
                }
            }
        }
    }

    private static BufferedImage photo(int colour, int[] size, SplittableRandom random) {
        BufferedImage image = new BufferedImage(size[0], size[1], BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        for (int i = 0; i < 60; i++) {
            int[] rgb = {random.nextInt(120), random.nextInt(120), random.nextInt(120)};
            rgb[colour] = 150 + random.nextInt(100);
            graphics.setColor(new Color(rgb[0], rgb[1], rgb[2]));
            graphics.fillRect(random.nextInt(size[0]), random.nextInt(size[1]), 30, 30);
        }
        graphics.dispose();
        return image;
    }

    private static Preprocessing preprocessingOf(Path model) throws IOException {
        return ModelFile.read(model).preprocessing().orElseThrow();
    }

    /** Evaluates, predicts and explains with a trained model. The classes are easy, so nearly all photos are classified correctly. */
    private static void assertUsable(Path model, Path output) throws IOException {
        JsonObject evaluation = JsonParser.parseString(Run.of("evaluate", "--model", model, "--data", photos, "--json")
                        .succeeded()
                        .out())
                .getAsJsonObject();
        assertEquals(15, evaluation.get("images").getAsInt());
        assertTrue(evaluation.get("top1").getAsDouble() >= 0.8, evaluation.toString());

        Path berries = photos.resolve("test/berries/1.jpg");
        JsonObject prediction = JsonParser.parseString(Run.of("predict", "--model", model, "--json", berries)
                        .succeeded()
                        .out())
                .getAsJsonObject();
        assertEquals(
                "berries",
                prediction
                        .getAsJsonArray("classes")
                        .get(0)
                        .getAsJsonObject()
                        .get("label")
                        .getAsString());

        Run.of("explain", "--model", model, "--output", output, berries).succeeded();
        assertTrue(Files.size(output.resolve("index.html")) > 0);
    }

    @Test
    void aConfigIsWrittenForTheFolderAndTrained() throws IOException {
        Path config = folder.resolve("net.json");
        Run init =
                Run.of("init-config", photos, "--out", config, "--size", "36").succeeded();
        assertTrue(init.out().contains("classes  3: berries, leaves, sky"), init.out());
        assertTrue(init.err().contains("next: codanet train --config " + config + " --data " + photos), init.err());

        Path run = folder.resolve("run-config");
        Run training = Run.of(
                        "train", "--config", config, "--data", photos, "--out", run, "--epochs", "3", "--batch", "5")
                .succeeded();
        assertTrue(training.err().contains("resized to 36 pixels"), training.err());
        assertEquals(new Preprocessing(3, 36, 36, 36), preprocessingOf(run.resolve("best.safetensors")));
        assertUsable(run.resolve("best.safetensors"), folder.resolve("explained-config"));
    }

    @Test
    void anExperimentIsAdaptedToTheFolderAndTrained() throws IOException {
        Path run = folder.resolve("run-experiment");
        Run training = Run.of(
                        "train",
                        "--experiment",
                        "XS-CoDA-SQ-30",
                        "--data",
                        photos,
                        "--out",
                        run,
                        "--epochs",
                        "3",
                        "--batch",
                        "5")
                .succeeded();
        assertTrue(training.err().contains("the last layer has 3 classes"), training.err());
        assertTrue(training.err().contains("resized to 32 pixels"), training.err());
        assertEquals(new Preprocessing(3, 32, 32, 32), preprocessingOf(run.resolve("best.safetensors")));
        assertUsable(run.resolve("best.safetensors"), folder.resolve("explained-experiment"));
    }

    @Nested
    class TheSize {
        @Test
        void isRecordedInTheModelForTrainingAndLaterImages() throws IOException {
            Path run = folder.resolve("run-size");
            Run.of(
                            "train",
                            "--experiment",
                            "XS-CoDA-SQ-30",
                            "--data",
                            photos,
                            "--out",
                            run,
                            "--epochs",
                            "1",
                            "--size",
                            "24x40")
                    .succeeded();
            assertEquals(
                    Optional.of(new Preprocessing(3, 24, 40, 40)),
                    ModelFile.read(run.resolve("last.safetensors")).preprocessing());
            Run.of("evaluate", "--model", run.resolve("last.safetensors"), "--data", photos)
                    .succeeded();
        }

        @Test
        void isWrongUsageIfItIsNoSize() {
            Run.of("train", "--experiment", "XS-CoDA-SQ-30", "--data", photos, "--out", folder, "--size", "big")
                    .failsWith(2, "'big' is not a size in pixels such as 64 or 240x320");
        }
    }

    @Nested
    class InitConfig {
        @Test
        void doesNotReplaceAFileUnlessForced() throws IOException {
            Path config = Files.writeString(folder.resolve("mine.json"), "{}");
            Run.of("init-config", photos, "--out", config).failsWith(1, "mine.json", "exists already", "--force");
            assertEquals("{}", Files.readString(config));
            Run.of("init-config", photos, "--out", config, "--force", "--size", "32")
                    .succeeded();
            assertTrue(Files.readString(config).contains("image_size"));
            String plan = Run.of("plan", config, "--json").succeeded().out();
            assertTrue(plan.contains("\"height\":32"), plan);
        }

        @Test
        void namesAFolderWithoutClasses() throws IOException {
            Path empty = Files.createDirectory(folder.resolve("empty"));
            Run.of("init-config", empty, "--out", folder.resolve("none.json")).failsWith(1, "empty");
            assertFalse(Files.exists(folder.resolve("none.json")));
        }
    }
}
