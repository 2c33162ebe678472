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
import org.codanet.cli.command.DoctorCommand;
import org.codanet.cli.command.InspectCommand;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.Experiments;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands convert, inspect, plan, doctor and bench. */
final class FilesTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path config;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        config = Files.writeString(
                folder.resolve("config.json"), Samples.config(false).toJson());
    }

    @Nested
    final class Convert {
        @Test
        void keepsEveryBitToPyTorchAndBack() throws IOException {
            Path torch = folder.resolve("weights.pth");
            Path back = folder.resolve("back.safetensors");
            Run.of("convert", "--pytorch-keys", model, torch).succeeded();
            Run.of("convert", "--config", config, torch, back).succeeded();

            Path x = Samples.array(folder, "X.npy", 2, 3);
            Run.of("predict", "--quiet", "--model", model, "--input", x, "--output", folder.resolve("a.npy"))
                    .succeeded();
            Run.of("predict", "--quiet", "--model", back, "--input", x, "--output", folder.resolve("b.npy"))
                    .succeeded();
            assertArrayEquals(
                    NpyFile.read(folder.resolve("a.npy")).toFloats(),
                    NpyFile.read(folder.resolve("b.npy")).toFloats());
        }

        @Test
        void requiresAConfigForBareWeights() {
            Path torch = folder.resolve("alone.pth");
            Run.of("convert", "--pytorch-keys", model, torch).succeeded();
            Run.of("convert", torch, folder.resolve("x.safetensors")).failsWith(1, "--config");
            Run.of("convert", "--experiment", "XS-CoDA-grey", torch, folder.resolve("x.safetensors"))
                    .failsWith(1, "alone.pth");
        }
    }

    @Nested
    final class Inspect {
        @Test
        void showsNetworkAndScoresOfAModel() {
            String text = Run.of("inspect", model).succeeded().out();
            assertTrue(text.contains("2 layers") && text.contains("cat, dog") && text.contains("top1 0.7500"), text);
            JsonObject json = JsonParser.parseString(
                            Run.of("inspect", "--json", model).succeeded().out())
                    .getAsJsonObject();
            assertEquals(InspectCommand.SCHEMA, json.get("schema").getAsString());
            assertEquals(3, json.getAsJsonObject("config").get("num_classes").getAsInt());
            assertEquals(9, json.getAsJsonObject("preprocessing").get("height").getAsInt());
        }

        @Test
        void printsAModelCard() {
            String card = Run.of("inspect", "--markdown", model).succeeded().out();
            assertTrue(card.startsWith("# colour.safetensors\n") && card.contains("| top1 | 0.7500 |"), card);
            String planned = Run.of("inspect", "--markdown", "--experiment", "XS-CoDA-grey")
                    .succeeded()
                    .out();
            assertTrue(planned.startsWith("# XS-CoDA-grey\n") && planned.contains("None are recorded."), planned);
            Path torch = folder.resolve("no-card.pth");
            Run.of("convert", "--pytorch-keys", model, torch).succeeded();
            Run.of("inspect", "--markdown", torch).failsWith(1, "no-card.pth", "no model card", "convert");
            Run.of("inspect", "--markdown", "--json", model).failsWith(2, "--markdown");
        }

        @Test
        void listsTheTensorsOfOtherFiles() {
            Path torch = folder.resolve("foreign.pth");
            Run.of("convert", "--pytorch-keys", model, torch).succeeded();
            String text = Run.of("inspect", torch).succeeded().out();
            assertTrue(text.contains("6 tensors") && text.contains("0.weight_mod.weighting_f.0.weight"), text);
        }

        @Test
        void listsEveryExperiment() {
            String text = Run.of("inspect", "--experiments").succeeded().out();
            assertEquals(Experiments.names().size(), text.lines().count());
        }
    }

    @Nested
    final class Plan {
        @Test
        void addsUpTheMemoryAndFindsABatchThatFitsTheBudget() {
            JsonObject plan = JsonParser.parseString(
                            Run.of("plan", "XS-CoDA-grey", "--batch", "64", "--memory", "20m", "--json", "-q")
                                    .succeeded()
                                    .out())
                    .getAsJsonObject();
            long sum = 0;
            for (var line : plan.getAsJsonArray("lines")) {
                sum += line.getAsJsonObject().get("bytes").getAsLong();
            }
            assertEquals(plan.get("total_bytes").getAsLong(), sum);
            int fitting = plan.get("batch_within_budget").getAsInt();
            assertTrue(fitting >= 1 && fitting < 64, "fitting: " + fitting);
        }

        @Test
        void countsTheRegulariserOfTheRecipeOrOfTheOption() {
            String without = "9L-S-CoDA-SQ-lambda-0.0";
            String with = "9L-S-CoDA-SQ-lambda-0.5";
            assertFalse(Run.of("plan", without).succeeded().out().contains("regulariser"));
            assertTrue(Run.of("plan", with).succeeded().out().contains("regulariser"));
            assertTrue(
                    Run.of("plan", without, "--lambda", "0.1").succeeded().out().contains("regulariser"));
            assertFalse(Run.of("plan", with, "--lambda", "0").succeeded().out().contains("regulariser"));
        }
    }

    @Nested
    final class Doctor {
        @Test
        void findsAWorkingDevice() {
            Run text = Run.of("doctor").succeeded();
            assertTrue(text.out().contains("At least one device works."), text.out());
            JsonObject json = JsonParser.parseString(
                            Run.of("doctor", "--json").succeeded().out())
                    .getAsJsonObject();
            assertEquals(DoctorCommand.SCHEMA, json.get("schema").getAsString());
            assertTrue(json.get("works").getAsBoolean());
            for (var entry : json.getAsJsonArray("devices")) {
                JsonObject device = entry.getAsJsonObject();
                boolean works = device.get("works").getAsBoolean();
                assertEquals(works, device.get("problem").isJsonNull(), device.toString());
            }
        }
    }

    @Nested
    final class Bench {
        @Test
        void printsOneObjectPerMeasurement() {
            Run run = Run.of(
                            "bench",
                            "--what",
                            "forward,explain,explain_all,train",
                            "--model",
                            model,
                            "--batches",
                            "1,2",
                            "--seconds",
                            "0.02",
                            "--json",
                            "-q")
                    .succeeded();
            assertEquals(8, run.out().lines().count(), run.out());
            run.out()
                    .lines()
                    .map(l -> JsonParser.parseString(l).getAsJsonObject())
                    .forEach(line -> {
                        for (String field : new String[] {
                            "what",
                            "model",
                            "device",
                            "precision",
                            "threads",
                            "batch",
                            "images_per_s",
                            "ms_median",
                            "ms_p99",
                            "runs",
                            "peak_native_mib",
                            "gflops",
                            "share_of_peak"
                        }) {
                            assertTrue(line.has(field), () -> field + " in " + line);
                        }
                        assertTrue(line.get("images_per_s").getAsDouble() > 0, line.toString());
                        assertTrue(
                                line.get("ms_p99").getAsDouble()
                                        >= line.get("ms_median").getAsDouble(),
                                line.toString());
                        assertTrue(line.get("peak_native_mib").getAsDouble() > 0, line.toString());
                    });
        }
    }
}
