package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.codanet.cli.command.EvaluateCommand;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.StandardStream;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.ModelFile;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.RunLock;
import org.codanet.train.TrainingRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands train, evaluate and quickstart, on images that a network learns within seconds. */
final class TrainTest {
    private static final int SIDE = 28;
    private static final int CLASSES = 10;

    @TempDir
    static Path folder;

    private static Path data;
    private static Path config;

    /** An image of class k is noise with two bright rows of pixels. The first bright row is row 2k + 4. */
    @BeforeAll
    static void makeFiles() throws IOException {
        data = Files.createDirectory(folder.resolve("rows"));
        writeImagesAndLabels("train", 200, 1);
        writeImagesAndLabels("test", 60, 2);
        Files.writeString(
                data.resolve("dataset.json"),
                "{\"name\": \"Rows\", \"classes\": [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}");
        config = Files.writeString(folder.resolve("small.json"), """
                {"in_channels": 2, "out_channels": [8, 10], "ranks": [8, 8], "kernels": [5, 3], "strides": [3, 1],
                 "paddings": [0, 0], "norm": "SQ", "temperature": 10, "num_classes": 10, "add_inverse": true}
                """);
    }

    private static void writeImagesAndLabels(String part, int count, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        float[] images = new float[count * SIDE * SIDE];
        long[] labels = new long[count];
        for (int n = 0; n < count; n++) {
            labels[n] = n % CLASSES;
            for (int p = 0; p < SIDE * SIDE; p++) {
                boolean bright = p / SIDE / 2 == labels[n] + 2;
                images[n * SIDE * SIDE + p] =
                        (float) (bright ? 0.7 + 0.3 * random.nextDouble() : 0.3 * random.nextDouble());
            }
        }
        NpyFile.write(data.resolve("X_" + part + ".npy"), TensorData.ofFloats(List.of(count, 1, SIDE, SIDE), images));
        NpyFile.write(data.resolve("y_" + part + ".npy"), TensorData.ofLongs(List.of(count), labels));
    }

    private static Object[] train(Path out, Object... more) {
        List<Object> words = new ArrayList<>(
                List.of("train", "--config", config, "--data", data, "--out", out, "--batch", "10", "--seed", "3"));
        words.addAll(List.of(more));
        return words.toArray();
    }

    /** A file from the tests of org.codanet. The README in that folder states the correct result. */
    private static Path troubleFile(String name) {
        return Path.of("../codanet/src/test/resources/org/codanet/trouble").resolve(name);
    }

    @Test
    void dataWithAnotherNumberOfClassesIsRefused() throws IOException {
        Path model = Samples.model(folder, true);
        Run.of("evaluate", "--model", model, "--data", data).failsWith(1, "10 classes", "3");
        Path three = Files.writeString(
                folder.resolve("three.json"), Samples.config(true).toJson());
        Run.of("train", "--config", three, "--data", data, "--out", folder.resolve("no"))
                .failsWith(1, "has 10 classes, but the network of the config has 3", "init-config");
        assertFalse(Files.exists(folder.resolve("no")), "the folder was created");
    }

    @Test
    void aTrainingCheckpointIsRefusedAsAModel() {
        Path out = folder.resolve("checkpointed");
        Run.of(train(out, "--epochs", "1", "-q")).succeeded();
        Run.of("predict", "--model", out.resolve("checkpoint.safetensors"), data)
                .failsWith(1, "is a training checkpoint", "best.safetensors");
    }

    @Nested
    final class Training {
        @Test
        void writesModelsMetricsAndACurve() throws IOException {
            Path out = folder.resolve("runs/first");
            Run run = Run.of(train(out, "--epochs", "2")).succeeded();

            assertTrue(run.out().contains("held-out accuracy"), run.out());
            assertTrue(run.err().contains("epoch 2/2"), run.err());
            TrainingRun files = new TrainingRun(out);
            assertEquals(3, Files.readAllLines(files.metrics()).size());
            assertTrue(Files.readString(files.curve()).startsWith("<svg"));
            ModelFile model = ModelFile.read(files.best());
            assertEquals("a", model.config().label(0), "the class names of the data");

            Run evaluated = Run.of("evaluate", "--model", files.last(), "--data", data, "--json", "-q")
                    .succeeded();
            JsonObject scores = JsonParser.parseString(evaluated.out()).getAsJsonObject();
            assertEquals(EvaluateCommand.SCHEMA, scores.get("schema").getAsString());
            assertEquals(60, scores.get("images").getAsInt());
            double stated = Double.parseDouble(
                    Files.readAllLines(files.metrics()).get(2).split(",")[6]);
            assertEquals(stated, scores.get("top1").getAsDouble(), 1e-9, "the accuracy in metrics.csv");
            Run text =
                    Run.of("evaluate", "--model", files.last(), "--data", data).succeeded();
            assertTrue(text.out().contains("top-1") && text.out().contains("most often mistaken for"), text.out());
        }

        @Test
        void isReproducibleBitForBitAndNotOverwritten() throws IOException {
            Path whole = folder.resolve("whole");
            Run.of(train(whole, "--epochs", "3")).succeeded();
            Path again = folder.resolve("again");
            Run.of(train(again, "--epochs", "3")).succeeded();
            Run.of(train(again, "--epochs", "3")).failsWith(1, "--resume");
            assertArrayEquals(
                    Files.readAllBytes(new TrainingRun(whole).last()),
                    Files.readAllBytes(new TrainingRun(again).last()));
            Run.of(train(again, "--epochs", "3", "--resume")).succeeded();
            Run.of(
                            "train",
                            "--config",
                            config,
                            "--data",
                            data,
                            "--out",
                            again,
                            "--batch",
                            "10",
                            "--seed",
                            "4",
                            "--resume")
                    .failsWith(1, "another run: its seed is 3, asked for is 4");
        }

        @Test
        void startsFromGivenWeightsAndEndsEarly() throws IOException {
            Path first = folder.resolve("first-weights");
            Run.of(train(first, "--epochs", "1", "-q")).succeeded();
            Path weights = new TrainingRun(first).last();
            Path out = folder.resolve("fine-tuned");
            Run run = Run.of(train(out, "--epochs", "1", "--weights", weights, "--patience", "1"))
                    .succeeded();
            assertTrue(run.err().contains("weights: " + weights), run.err());
            assertFalse(ModelFile.read(new TrainingRun(out).last())
                    .weights()
                    .equals(ModelFile.read(weights).weights()));
            Run.of(train(folder.resolve("other"), "--weights", troubleFile("same.pth")))
                    .failsWith(1, "same.pth", "0.weight_mod.weighting_f.0.weight has shape");
            Run.of(train(folder.resolve("other"), "--patience", "-1")).failsWith(2, "patience");
        }

        @Test
        void keepsToALowestLearningRate() throws IOException {
            Path out = folder.resolve("floor");
            Run.of(train(out, "--epochs", "1", "--min-lr", "1e-4", "-q")).succeeded();
            assertTrue(ModelFile.read(new TrainingRun(out).last())
                                    .recipe()
                                    .orElseThrow()
                                    .learningRate()
                            instanceof LearningRate.Cosine cosine
                    && cosine.floor() == 1e-4);
            Run.of(train(folder.resolve("no-floor"), "--min-lr", "-1")).failsWith(2, "floor");
        }

        @Test
        void worksWithGradientAccumulationAndRegulariser() {
            Run.of(train(
                            folder.resolve("both"),
                            "--epochs",
                            "1",
                            "--accumulate",
                            "4",
                            "--lambda",
                            "0.1",
                            "--accumulation",
                            "authors"))
                    .succeeded();
        }
    }

    @Nested
    final class ResumedTraining {
        @Test
        void namesTheFieldThatDiffersFromTheCheckpoint() {
            Path out = folder.resolve("differs");
            Run.of(train(out, "--epochs", "1", "-q")).succeeded();
            Run.of(train(out, "--epochs", "2", "--lambda", "0.5", "--resume", "-q"))
                    .failsWith(1, "its recipe's lambda is 0.0, asked for is 0.5");
            Run.of(
                            "train",
                            "--config",
                            config,
                            "--data",
                            data,
                            "--out",
                            out,
                            "--epochs",
                            "1",
                            "--batch",
                            "5",
                            "--seed",
                            "3",
                            "--resume")
                    .failsWith(1, "another run: its recipe's micro_batch is 10, asked for is 5");
        }

        /** The schedule is a cosine, which depends on the number of epochs. */
        @Test
        void goesOnForMoreEpochsAfterTheRunWasFinished() throws IOException {
            Path out = folder.resolve("longer");
            Run.of(train(out, "--epochs", "1", "-q")).succeeded();
            Run run = Run.of(train(out, "--epochs", "2", "--resume")).succeeded();
            assertTrue(run.err().contains("the learning rate is that of a run of 2 epochs"), run.err());
            assertEquals(3, Files.readAllLines(new TrainingRun(out).metrics()).size());
            Run.of(train(out, "--epochs", "1", "--resume", "-q"))
                    .failsWith(1, "its number of epochs is 2, asked for is 1", "only be continued for more epochs");
        }

        @Test
        void continuesAfterTheFolderOfTheDataWasRenamed() throws IOException {
            Path renamed = folder.resolve("renamed-rows");
            for (String name : Samples.namesIn(data)) {
                if (name.endsWith(".npy")) {
                    Files.createDirectories(renamed);
                    Files.copy(data.resolve(name), renamed.resolve(name));
                }
            }
            List<Object> words =
                    new ArrayList<>(List.of(train(folder.resolve("before-renaming"), "--epochs", "1", "-q")));
            words.set(words.indexOf(data), renamed);
            Run.of(words.toArray()).succeeded();
            Path later = Files.move(renamed, folder.resolve("later, 5 images in 2 classes; tested on this"));
            words.set(words.indexOf(renamed), later);
            words.add("--resume");

            Run.of(words.toArray()).succeeded();
        }
    }

    @Nested
    final class InterruptedTraining {
        /** The test sends SIGINT to a new process, as Ctrl-C does. The resumed run must equal an uninterrupted one. */
        @Test
        void writesACheckpointAndPrintsHowToResumeAfterCtrlC() throws Exception {
            Path out = folder.resolve("interrupted");
            Path err = folder.resolve("interrupted.err");
            Process process = Run.program(train(out, "--epochs", "40"))
                    .redirectError(err.toFile())
                    .redirectOutput(folder.resolve("interrupted.out").toFile())
                    .start();
            TrainingRun run = new TrainingRun(out);
            waitForTheFirstEpoch(process, run);
            assertTrue(process.isAlive(), () -> "the run ended before it was interrupted: " + textOf(err));
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");

            assertEquals(ExitCodes.INTERRUPTED, process.exitValue(), () -> textOf(err));
            assertTrue(textOf(err).contains("resume with: codanet train --"), textOf(err));
            assertTrue(textOf(err).contains("--resume"), textOf(err));
            assertResumedRunEqualsUninterruptedRun(run);
        }

        /** The test closes the pipe, as {@code codanet train 2>&1 | head} does. */
        @Test
        void writesACheckpointAndStopsWhenItsProgressIsClosed() throws Exception {
            Path out = folder.resolve("unread");
            Process process = Run.program(train(out, "--epochs", "40"))
                    .redirectErrorStream(true)
                    .start();
            TrainingRun run = new TrainingRun(out);
            waitForTheFirstEpoch(process, run);
            process.getInputStream().close();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");

            assertEquals(ExitCodes.OUTPUT_CLOSED, process.exitValue());
            assertResumedRunEqualsUninterruptedRun(run);
        }

        /** The test closes only the standard output, as {@code codanet train | true} does. The results of a run are its files. */
        @Test
        void continuesToItsEndWhenOnlyItsResultsAreClosed() {
            Path out = folder.resolve("unread-results");
            StringWriter err = new StringWriter();
            String[] words =
                    Stream.of(train(out, "--epochs", "2")).map(Object::toString).toArray(String[]::new);

            int code = Main.run(words, new StandardStream(new ClosedOutputTest.Pipe(0), true), new PrintWriter(err));

            assertEquals(ExitCodes.OUTPUT_CLOSED, code, err.toString());
            assertTrue(err.toString().contains("epoch 2/2"), err.toString());
            TrainingRun run = new TrainingRun(out);
            for (Path file : List.of(run.best(), run.last(), run.checkpoint(), run.metrics(), run.curve())) {
                assertTrue(Files.exists(file), file.toString());
            }
        }

        private static void waitForTheFirstEpoch(Process process, TrainingRun run) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (!Files.exists(run.metrics()) && process.isAlive() && System.nanoTime() < deadline) {
                Thread.sleep(20);
            }
        }

        private static void assertResumedRunEqualsUninterruptedRun(TrainingRun run) throws IOException {
            int done = Files.readAllLines(run.metrics()).size() - 1;
            assertTrue(done < 40, "the run ended before it was interrupted");
            Run.of(train(run.folder(), "--epochs", "40", "--resume", "-q")).succeeded();
            Path uninterrupted = run.folder().resolveSibling(run.folder().getFileName() + "-uninterrupted");
            Run.of(train(uninterrupted, "--epochs", "40", "-q")).succeeded();
            assertArrayEquals(
                    Files.readAllBytes(new TrainingRun(uninterrupted).last()),
                    Files.readAllBytes(run.last()),
                    "weights");
        }

        private static String textOf(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                return e.toString();
            }
        }
    }

    @Nested
    final class BeforeTraining {
        @Test
        void optionsAreCheckedBeforeImagesAreRead() throws IOException {
            Path out = Files.createDirectory(folder.resolve("used"));
            Files.createFile(new TrainingRun(out).checkpoint());
            Path none = folder.resolve("no-such-data");
            Run.of("train", "--config", config, "--data", none, "--out", out)
                    .failsWith(1, "exists already", "--resume");
            for (String seconds : List.of("-1", "NaN")) {
                Run.of("train", "--config", config, "--data", none, "--out", out, "--checkpoint-seconds", seconds)
                        .failsWith(2, seconds, "seconds");
            }
        }

        @Test
        void aFolderThatAnotherRunHasLockedIsRefused() throws IOException {
            Path out = Files.createDirectory(folder.resolve("taken"));
            try (RunLock _ = RunLock.of(out)) {
                Run.of(train(out, "--epochs", "1", "-q")).failsWith(1, "another codanet", "taken");
                Run.of("quickstart", "--data", data, "--out", out, "--epochs", "1", "-q")
                        .failsWith(1, "another codanet", "taken");
            }
            Path unfinished = Files.createFile(out.resolve(".checkpoint.safetensors.1f2e3d.part"));
            Path notes = Files.createFile(out.resolve(".notes.part"));
            Run.of(train(out, "--epochs", "1", "-q")).succeeded();
            assertFalse(Files.exists(unfinished), "an unfinished file of a killed run");
            assertTrue(Files.exists(notes));
        }

        @Test
        void wrongValuesOfARecipeAreRefused() {
            Path out = folder.resolve("none");
            Run.of(train(out, "--epochs", "0")).failsWith(2, "epochs");
            Run.of(train(out, "--accumulate", "0")).failsWith(2, "--accumulate");
            Run.of(train(out, "--lambda", "-1")).failsWith(2, "lambda");
            assertFalse(Files.exists(out));
        }

        @Test
        void aVirtualBatchThatIsNoMultipleOfTheMicroBatchIsRefused() throws IOException {
            Path odd = recipeFile("odd.json", "\"virtual_batch\": 10", "\"virtual_batch\": 15");
            Run.of("train", "--config", config, "--recipe", odd, "--data", data, "--out", folder.resolve("none"))
                    .failsWith(1, "odd.json", "virtual_batch is 15, no multiple of micro_batch 10");
        }

        @Test
        void augmentationThatDoesNotFitIsRefusedWithoutCreatingTheFolder() throws IOException {
            Path out = folder.resolve("none");
            Path other = recipeFile("other-crop.json", "\"crop\": 0", "\"crop\": 24");
            Run.of("train", "--config", config, "--recipe", other, "--data", data, "--out", out)
                    .failsWith(1, "crop is 24, the network reads 28 x 28");
            Path small = recipeFile("small-sides.json", "\"resize\": 0", "\"resize\": 20");
            Run.of("train", "--config", config, "--recipe", small, "--data", data, "--out", out)
                    .failsWith(1, "28 x 28", "resized to 20");
            Run.of("train", "--experiment", "XS-CoDA-SQ-30", "--recipe", other, "--data", data, "--out", out)
                    .failsWith(1, "crop is 24, the network reads 32 x 32");
            assertFalse(Files.exists(out), "the folder was created");
        }

        @Test
        void aRecipeWithoutAnOptimiserStepIsRefusedWithoutCreatingTheFolder() {
            Path out = folder.resolve("nothing");
            Run.of(train(out, "--accumulation", "authors", "--accumulate", "1000"))
                    .failsWith(1, "codanet train: recipe: with accumulation AUTHORS", "has no update");
            assertFalse(Files.exists(out), "the folder was created");
        }

        private static Path recipeFile(String name, String from, String to) throws IOException {
            String json = TrainingRecipe.of(LossKind.BCE, 1, 10, new LearningRate.Constant(1e-3))
                    .toJson();
            assertTrue(json.contains(from), json);
            return Files.writeString(folder.resolve(name), json.replace(from, to));
        }
    }

    @Nested
    final class Quickstart {
        @Test
        void writesAPage() throws IOException {
            Path out = folder.resolve("quick");
            Run run = Run.of("quickstart", "--data", data, "--out", out, "--epochs", "1")
                    .succeeded();

            assertTrue(run.out().contains("index.html"), run.out());
            for (String name : List.of("model.safetensors", "metrics.csv", "curve.svg", "index.html")) {
                assertTrue(Files.size(out.resolve(name)) > 0, name);
            }
            String page = Files.readString(out.resolve("index.html"));
            assertTrue(page.contains("Rows") && page.contains("<h2 id=\"training\">Training</h2>"));
            assertFalse(page.contains("not exact"), "an explanation does not add up");
            Run.of("predict", "--model", out.resolve("model.safetensors"), "--input", data.resolve("X_test.npy"), "-q")
                    .succeeded();
            // A second quickstart in the same folder starts from the beginning.
            Run.of("quickstart", "--data", data, "--out", out, "--epochs", "1", "-q")
                    .succeeded();
        }

        @Test
        void refusesTheFolderOfATrainingRun() throws IOException {
            Path out = folder.resolve("precious");
            Run.of(train(out, "--epochs", "1", "-q")).succeeded();
            byte[] checkpoint = Files.readAllBytes(new TrainingRun(out).checkpoint());

            Run.of("quickstart", "--data", data, "--out", out, "--epochs", "1").failsWith(1, "precious", "--out");

            assertArrayEquals(checkpoint, Files.readAllBytes(new TrainingRun(out).checkpoint()));
            assertTrue(Files.exists(new TrainingRun(out).best()) && Files.exists(new TrainingRun(out).last()));
        }
    }

    @Nested
    final class Evaluation {
        @Test
        void matchesTheClassesOfFoldersByName() {
            assertEquals(
                    1,
                    top1Accuracy(troubleFile("swapped_labels_model.safetensors"), troubleFile("swapped_labels_data")));
        }

        @Test
        void readsNumbersAsNamesIfTheClassesOfTheModelAreNumbers() {
            Path model = troubleFile("numbers_as_names/model.safetensors");
            assertEquals(1 / 3.0, top1Accuracy(model, troubleFile("numbers_as_names")), 1e-9);
            assertEquals(1 / 3.0, top1Accuracy(model, troubleFile("numbers_as_arrays")), 1e-9);
        }

        @Test
        void splitsAFolderOfClassesBySeed() {
            Path model = troubleFile("swapped_labels_model.safetensors");
            Path classes = troubleFile("swapped_labels_data/train");
            Run run = Run.of("evaluate", "--model", model, "--data", classes, "--held-out", "0.5", "--json", "-q")
                    .succeeded();
            assertEquals(
                    6,
                    JsonParser.parseString(run.out())
                            .getAsJsonObject()
                            .get("images")
                            .getAsInt());
            Run.of("evaluate", "--model", model, "--data", classes, "--held-out", "1")
                    .failsWith(2, "1.0", "between 0 and 1");
            Run.of("evaluate", "--model", model, "--data", troubleFile("swapped_labels_data"), "--held-out", "0.5")
                    .failsWith(1, "has training and test images of its own");
        }

        @Test
        void acceptsDataWithoutClassNamesAndRefusesOtherNames() throws IOException {
            Path out = folder.resolve("named");
            Run.of(train(out, "--epochs", "1", "-q")).succeeded();
            Path model = new TrainingRun(out).last();
            Path other = Files.createDirectory(folder.resolve("other-names"));
            for (String file : List.of("X_test.npy", "y_test.npy")) {
                Files.copy(data.resolve(file), other.resolve(file));
            }
            Run.of("evaluate", "--model", model, "--data", other, "-q").succeeded();
            Files.writeString(
                    other.resolve("dataset.json"),
                    "{\"classes\": [\"b\",\"a\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}");
            Run.of("evaluate", "--model", model, "--data", other, "-q").failsWith(1, "another order");
        }

        @Test
        void printsADashForAClassWithoutImages() throws IOException {
            Path part = Files.createDirectories(folder.resolve("part"));
            Files.createDirectories(part.resolve("test/+"));
            Files.copy(troubleFile("swapped_labels_data/test/+/1.png"), part.resolve("test/+/1.png"));
            Run run = Run.of("evaluate", "--model", troubleFile("swapped_labels_model.safetensors"), "--data", part)
                    .succeeded();
            assertFalse(run.out().contains("NaN"), run.out());
            assertTrue(run.out().lines().anyMatch(line -> line.matches("-\\s+0\\s+-\\s+-")), run.out());
        }

        private static double top1Accuracy(Path model, Path data) {
            Run run = Run.of("evaluate", "--model", model, "--data", data, "--json", "-q")
                    .succeeded();
            return JsonParser.parseString(run.out())
                    .getAsJsonObject()
                    .get("top1")
                    .getAsDouble();
        }
    }
}
