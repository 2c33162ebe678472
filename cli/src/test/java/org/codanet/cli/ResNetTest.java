package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.ModelFile;
import org.codanet.model.ResNetConfig;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.TrainingRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on an ordinary network, which learns within seconds which channel of an image is bright. */
final class ResNetTest {
    private static final int SIDE = 12;
    private static final int IMAGES = 24;

    @TempDir
    static Path folder;

    private static Path data;
    private static Path config;
    private static Path model;

    @BeforeAll
    static void train() throws IOException {
        data = Files.createDirectory(folder.resolve("channels"));
        writeImages("train", 60, 1);
        writeImages("test", IMAGES, 2);
        config = Files.writeString(folder.resolve("resnet.json"), """
                {"architecture": "resnet", "family": "cifar", "bottleneck": false, "widths": [4, 6], "blocks": [1, 1],
                 "mean": [0.5, 0.5, 0.5], "deviation": [0.25, 0.25, 0.25], "num_classes": 3}
                """);
        Path run = folder.resolve("run");
        Path recipe = Files.writeString(
                folder.resolve("recipe.json"),
                TrainingRecipe.of(LossKind.CE, 2, 10, new LearningRate.Constant(1e-2))
                        .toJson());
        Run.of(trainInto(run, 6, "--recipe", recipe)).succeeded();
        model = new TrainingRun(run).last();
    }

    private static void writeImages(String part, int count, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        int area = SIDE * SIDE;
        float[] images = new float[count * 3 * area];
        long[] labels = new long[count];
        for (int i = 0; i < images.length; i++) {
            int image = i / 3 / area;
            labels[image] = image % 3;
            images[i] = (float) (random.nextDouble() * 0.4 + (i / area % 3 == image % 3 ? 0.4 : 0));
        }
        NpyFile.write(data.resolve("X_" + part + ".npy"), TensorData.ofFloats(List.of(count, 3, SIDE, SIDE), images));
        NpyFile.write(data.resolve("y_" + part + ".npy"), TensorData.ofLongs(List.of(count), labels));
    }

    private static Object[] trainInto(Path run, int epochs, Object... more) {
        List<Object> words = new ArrayList<>(List.of(
                "train", "--config", config, "--data", data, "--out", run, "--batch", "10", "--epochs", epochs, "-q"));
        words.addAll(List.of(more));
        return words.toArray();
    }

    @Test
    void theModelFileRecordsTheArchitectureAndTheRunningStatistics() throws IOException {
        ModelFile file = ModelFile.read(model);
        assertTrue(file.config() instanceof ResNetConfig, file.config().toString());
        float[] means = file.weights().get("bn1.running_mean").toFloats();
        assertTrue(means[0] != 0, "the statistics are those of before training");
        Run run = Run.of("inspect", model).succeeded();
        assertTrue(run.out().contains("ResNet of 6 layers"), run.out());
        assertTrue(Run.of("inspect", "--markdown", model).succeeded().out().contains("A ResNet"), "model card");
    }

    @Test
    void itLearnsAndIsEvaluated() {
        Run run = Run.of("evaluate", "--model", model, "--data", data, "--json").succeeded();
        JsonObject result = JsonParser.parseString(run.out()).getAsJsonObject();
        assertEquals(1, result.get("top1").getAsDouble(), run.out());
    }

    /** The checkpoint holds the running statistics too, so the resumed run ends with the same bits. */
    @Test
    void aResumedRunEndsWithTheSameBits() throws IOException {
        Path recipe = folder.resolve("recipe.json");
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Run.of(trainInto(whole, 2, "--recipe", recipe)).succeeded();
        Run.of(trainInto(parts, 1, "--recipe", recipe)).succeeded();
        Run.of(trainInto(parts, 2, "--recipe", recipe, "--resume")).succeeded();
        ModelFile expected = ModelFile.read(new TrainingRun(whole).last());
        ModelFile actual = ModelFile.read(new TrainingRun(parts).last());
        for (String name : expected.weights().names()) {
            assertArrayEquals(
                    expected.weights().get(name).toFloats(),
                    actual.weights().get(name).toFloats(),
                    name);
        }
    }

    @Test
    void predictAndPostHocMethodsWork() throws IOException {
        Path images = data.resolve("X_test.npy");
        Path logits = folder.resolve("logits.npy");
        Run.of("predict", "--model", model, "--input", images, "--output", logits)
                .succeeded();
        assertEquals(List.of(IMAGES, 3), NpyFile.read(logits).shape());
        for (String method : List.of("deeplift", "gb", "gcam")) {
            Path maps = folder.resolve(method + ".npy");
            Run run = Run.of(
                            "explain",
                            "--model",
                            model,
                            "--method",
                            method,
                            "--input",
                            images,
                            "--target",
                            "all",
                            "--output",
                            maps)
                    .succeeded();
            assertEquals(List.of(IMAGES, 3, SIDE, SIDE), NpyFile.read(maps).shape());
            assertTrue(!run.err().contains("has no ReLU"), run.err());
        }
    }

    @Test
    void whatNeedsACodaNetIsRefusedWithOneSentence() {
        Path images = data.resolve("X_test.npy");
        String needed = "this needs a CoDA-Net, or a post-hoc method";
        assertRefused(Run.of("explain", "--model", model, "--input", images), needed);
        assertRefused(Run.of("bench", "--model", model), needed);
        assertRefused(Run.of("export", "--model", model, folder.resolve("net.onnx")), needed);
        assertRefused(Run.of("plan", "--model", model, "--for", "explain"), needed);
        assertRefused(Run.of(trainInto(folder.resolve("lambda"), 1, "--lambda", "0.5")), "no linear map to regularise");
    }

    private static void assertRefused(Run run, String reason) {
        assertTrue(run.code() != 0, run.out());
        run.failsWith(run.code(), reason);
    }

    @Test
    void memoryOfTrainingIsPlanned() {
        Run run = Run.of("plan", "--model", model, "--for", "train", "--batch", "8")
                .succeeded();
        assertTrue(run.out().contains("at the peak"), run.out());
    }

    @Test
    void aWrongConfigIsRefused() throws IOException {
        String good = Files.readString(config);
        Path wrong = folder.resolve("wrong.json");
        for (String[] change : new String[][] {
            {"\"resnet\"", "\"vgg\"", "not resnet"},
            {"\"cifar\"", "\"mnist\"", "it must be cifar or imagenet"},
            {"[4, 6]", "[4, 7]", "even number of channels"},
            {"[1, 1]", "[1]", "one for each stage"},
            {"\"num_classes\": 3", "\"num_classes\": 0", "num_classes is 0"},
            {"\"bottleneck\"", "\"bottlenecks\"", "bottleneck"}
        }) {
            Files.writeString(wrong, good.replace(change[0], change[1]));
            Run.of("plan", wrong).failsWith(1, change[2]);
        }
    }
}
