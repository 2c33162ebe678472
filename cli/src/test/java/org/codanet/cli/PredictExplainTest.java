package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.cli.command.ExplainCommand;
import org.codanet.cli.command.PredictCommand;
import org.codanet.cli.console.ExitCodes;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.CodaNetConfig;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands predict and explain, on pictures and on arrays of images. */
final class PredictExplainTest {
    /** Two chunks of 16 images and a smaller one. */
    private static final int COUNT = 35;

    private static final int AREA = Samples.HEIGHT * Samples.WIDTH;

    @TempDir
    static Path folder;

    private static Path model;
    private static Path array;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        array = Samples.array(folder, "X.npy", COUNT, 3);
    }

    private static TensorData logits(Object... more) throws IOException {
        Path out = folder.resolve("Y.npy");
        Object[] arguments = Stream.concat(
                        Stream.of("predict", "--quiet", "--model", model, "--input", array, "--output", out),
                        Stream.of(more))
                .toArray();
        Run run = Run.of(arguments).succeeded();
        assertEquals("", run.out() + run.err());
        return NpyFile.read(out);
    }

    private static TensorData contributions(Object... more) throws IOException {
        Path out = folder.resolve("C.npy");
        Object[] arguments = Stream.concat(
                        Stream.of("explain", "--quiet", "--model", model, "--input", array, "--output", out),
                        Stream.of(more))
                .toArray();
        Run.of(arguments).succeeded();
        return NpyFile.read(out);
    }

    @Nested
    final class Values {
        @Test
        void contributionsOfAllClassesAddUpToTheLogits() throws IOException {
            TensorData logits = logits();
            TensorData maps = contributions("--target", "all");

            assertEquals(List.of(COUNT, 3), logits.shape());
            assertEquals(List.of(COUNT, 3, Samples.HEIGHT, Samples.WIDTH), maps.shape());
            float[] y = logits.toFloats();
            float[] c = maps.toFloats();
            for (int i = 0; i < y.length; i++) {
                double sum = CodaNetConfig.DEFAULT_LOGIT_BIAS;
                double size = 0;
                for (int p = 0; p < AREA; p++) {
                    sum += c[i * AREA + p];
                    size += Math.abs(c[i * AREA + p]);
                }
                assertEquals(y[i], sum, 1e-5 * (size + 3), "image " + i / 3 + ", class " + i % 3);
            }
        }

        @Test
        void contributionsOfChannelsAddUpToThoseOfPositions() throws IOException {
            float[] positions = contributions("--target", "2,0").toFloats();
            TensorData maps = contributions("--target", "2,0", "--channels");

            assertEquals(List.of(COUNT, 2, 6, Samples.HEIGHT, Samples.WIDTH), maps.shape());
            float[] c = maps.toFloats();
            for (int i = 0; i < positions.length; i++) {
                double sum = 0;
                double size = 0;
                for (int channel = 0; channel < 6; channel++) {
                    float value = c[(i / AREA * 6 + channel) * AREA + i % AREA];
                    sum += value;
                    size += Math.abs(value);
                }
                assertEquals(positions[i], sum, 1e-6 * size);
            }
        }

        @Test
        void againstGivesTheDifferenceOfTwoTargets() throws IOException {
            float[] both = contributions("--target", "cat,dog").toFloats();
            TensorData difference = contributions("--target", "cat", "--against", "dog");

            assertEquals(List.of(COUNT, 1, Samples.HEIGHT, Samples.WIDTH), difference.shape());
            float[] d = difference.toFloats();
            for (int i = 0; i < d.length; i++) {
                int image = i / AREA;
                assertEquals(both[2 * image * AREA + i % AREA] - both[(2 * image + 1) * AREA + i % AREA], d[i]);
            }
        }

        @Test
        void aMemoryLimitDoesNotChangeResults() throws IOException {
            float[] free = contributions("--target", "all").toFloats();
            assertArrayEquals(
                    free, contributions("--target", "all", "--memory", "2m").toFloats());
            assertArrayEquals(logits().toFloats(), logits("--memory", "2m").toFloats());
        }

        @Test
        void theDefaultDeviceAgreesWithTheReference() throws IOException {
            float[] cpu = logits().toFloats();
            float[] reference = logits("--device", "reference").toFloats();
            // The logits are close to the bias, about -2.2. The tolerance is the float32 rounding error
            // of a sum of 63 positions at that size.
            assertArrayEquals(reference, cpu, 2e-5f);
        }

        @Test
        void modelsForGreyImagesHaveTwoChannels() throws IOException {
            Path grey = Samples.model(folder, true);
            Path x = Samples.array(folder, "G.npy", 2, 1);
            Path out = folder.resolve("G-channels.npy");
            Run.of("explain", "--model", grey, "--input", x, "--output", out, "--channels")
                    .succeeded();
            assertEquals(
                    List.of(2, 1, 2, Samples.HEIGHT, Samples.WIDTH),
                    NpyFile.read(out).shape());
        }

        @Test
        void bytesOfAnArrayAreDividedBy255() throws IOException {
            float[] values = Samples.values(2, 3);
            byte[] bytes = new byte[values.length];
            for (int i = 0; i < values.length; i++) {
                bytes[i] = (byte) Math.round(255 * values[i]);
                values[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
            }
            List<Integer> shape = List.of(2, 3, Samples.HEIGHT, Samples.WIDTH);
            Path floats = Samples.array(folder, "floats.npy", shape, values);
            Path levels = folder.resolve("levels.npy");
            NpyFile.write(levels, TensorData.ofBytes(shape, bytes));

            String expected = Run.of("predict", "--quiet", "--json", "--model", model, "--input", floats)
                    .succeeded()
                    .out();
            assertEquals(
                    expected,
                    Run.of("predict", "--quiet", "--json", "--model", model, "--input", levels)
                            .succeeded()
                            .out());
        }
    }

    @Nested
    final class PagesAndPictures {
        @Test
        void explainWritesAPageAndOnePicturePerClass() throws IOException {
            Path photos = Files.createDirectories(folder.resolve("photos"));
            Samples.picture(photos.resolve("one.png"));
            Samples.picture(photos.resolve("two.jpg"));
            Files.writeString(photos.resolve("notes.txt"), "not a picture");
            Path out = folder.resolve("pages/new");

            Run run = Run.of("explain", "--model", model, photos, "--target", "top2", "--output", out)
                    .succeeded();

            assertTrue(run.out().contains("one.png") && run.out().contains("two.jpg"), run.out());
            assertTrue(run.err().contains("index.html"), run.err());
            try (Stream<Path> files = Files.list(out)) {
                Set<String> names = files.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
                assertEquals(5, names.size(), names.toString());
                assertTrue(names.contains("index.html"));
            }
            String html = Files.readString(out.resolve("index.html"));
            assertTrue(html.contains("75.0 %"), "the score of the model");
            assertFalse(html.contains("<span>cpu: "), "the name of the device appears twice");
            assertFalse(html.contains("<b>&\"owl"), "a label that is not escaped");
        }

        @Test
        void explainWritesPicturesOfAnArray() throws IOException {
            Path two = Samples.array(folder, "two.npy", 2, 3);
            Path out = folder.resolve("from-array");
            Run.of(
                            "explain",
                            "--quiet",
                            "--model",
                            model,
                            "--input",
                            two,
                            "--target",
                            "cat",
                            "--output",
                            out,
                            "--range",
                            "0.5")
                    .succeeded();
            try (Stream<Path> files = Files.list(out)) {
                assertEquals(3, files.count());
            }
        }

        @Test
        void fileNamesStayShortForDeepFolders() throws IOException {
            Path deep = folder;
            for (int i = 0; i < 4; i++) {
                deep = deep.resolve("höhe".repeat(20) + i);
            }
            Samples.picture(Files.createDirectories(deep).resolve("one.png"));
            Path out = folder.resolve("deep-out");

            Run.of("explain", "--quiet", "--model", model, deep, "--target", "cat", "--output", out)
                    .succeeded();

            try (Stream<Path> files = Files.list(out)) {
                assertTrue(files.anyMatch(f -> f.getFileName().toString().endsWith("3_one-cat.png")));
            }
        }

        @Test
        void externalAssetsAreFilesBesideThePage() throws IOException {
            Path picture = Samples.picture(folder.resolve("photo.png"));
            Path out = folder.resolve("strict");

            Run.of("explain", "--model", model, "--input", picture, "--output", out, "--external-assets", "-q")
                    .succeeded();

            String page = Files.readString(out.resolve("index.html"));
            assertFalse(page.contains("data:"), "a data URI in the page");
            assertTrue(page.contains("index-files/style.css"), page);
            assertTrue(Files.size(out.resolve("index-files/style.css")) > 0);
        }

        @Test
        void externalAssetsAreRefusedForArrays() {
            Run.of(
                            "explain",
                            "--model",
                            model,
                            "--input",
                            array,
                            "--output",
                            folder.resolve("C.npy"),
                            "--external-assets")
                    .failsWith(2, "--external-assets", "folder");
        }
    }

    @Nested
    final class ConsoleOutput {
        @Test
        void jsonIsOneObjectPerImageWithItsSchema() {
            Run run = Run.of("predict", "--quiet", "--json", "--model", model, "--input", array)
                    .succeeded();
            List<String> lines = run.out().lines().toList();
            assertEquals(COUNT, lines.size());
            for (String line : lines) {
                JsonObject image = JsonParser.parseString(line).getAsJsonObject();
                assertEquals(PredictCommand.SCHEMA, image.get("schema").getAsString());
                assertEquals(3, image.getAsJsonArray("classes").size());
            }
            Run explained = Run.of(
                            "explain",
                            "--quiet",
                            "--json",
                            "--model",
                            model,
                            "--input",
                            array,
                            "--output",
                            folder.resolve("J.npy"))
                    .succeeded();
            JsonObject first = JsonParser.parseString(
                            explained.out().lines().findFirst().orElseThrow())
                    .getAsJsonObject();
            JsonObject target = first.getAsJsonArray("targets").get(0).getAsJsonObject();
            assertEquals(ExplainCommand.SCHEMA, first.get("schema").getAsString());
            assertTrue(target.get("identity_error").getAsDouble()
                    <= target.get("tolerance").getAsDouble());
        }

        @Test
        void theDeviceAndItsPeakMemoryArePrinted() {
            Run run = Run.of("predict", "--model", model, "--input", array).succeeded();
            assertTrue(run.err().contains("device: ") && run.err().contains("(auto: "), run.err());
            assertTrue(run.err().contains("peak native memory: "), run.err());
        }

        @Test
        void verbosePrintsTheSelectedAlgorithms() {
            Run quiet = Run.of("predict", "--device", "cpu", "--model", model, "--input", array)
                    .succeeded();
            assertFalse(quiet.err().contains("selected: "), quiet.err());
            Run run = Run.of("predict", "--verbose", "--device", "cpu", "--model", model, "--input", array)
                    .succeeded();
            assertTrue(run.err().contains("selected: dynamic alignment on cpu: "), run.err());
        }
    }

    @Nested
    final class InterruptedExplanation {
        /** The test sends SIGINT to a new process while it writes, as Ctrl-C does. */
        @Test
        void leavesNoUnfinishedArray() throws Exception {
            Path out = Files.createDirectory(folder.resolve("interrupted"));
            Path many = Samples.array(folder, "many.npy", 20_000, 3);
            Process process = Run.program(
                            "explain",
                            "--model",
                            model,
                            "--input",
                            many,
                            "--target",
                            "all",
                            "--channels",
                            "--output",
                            out.resolve("C.npy"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (filesIn(out).isEmpty() && process.isAlive() && System.nanoTime() < deadline) {
                Thread.sleep(1);
            }
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");

            assertEquals(ExitCodes.INTERRUPTED, process.exitValue());
            assertEquals(List.of(), filesIn(out));
        }

        private static List<Path> filesIn(Path directory) throws IOException {
            try (Stream<Path> files = Files.list(directory)) {
                return files.toList();
            }
        }
    }
}
