package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.codanet.bindings.testing.Skip;
import org.codanet.train.TrainingCheckpoint;
import org.codanet.train.TrainingRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program in the environments of containers and scripts: without environment variables, with a home folder that cannot be written,
 * and in the background of a shell, which starts such programs with SIGINT ignored.
 */
final class ContainerTest {
    private static final long SECONDS = 60;

    @TempDir
    static Path folder;

    private static Path data;
    private static Path config;

    @BeforeAll
    static void makeFiles() throws IOException {
        Skip.unless(Files.isExecutable(Path.of("/bin/sh")), "this system has no /bin/sh");
        data = folder.resolve("data");
        for (String part : List.of("train", "test")) {
            for (String name : List.of("cat", "dog")) {
                Samples.picture(Files.createDirectories(data.resolve(part).resolve(name))
                        .resolve("1.png"));
            }
        }
        config = Files.writeString(folder.resolve("small.json"), """
                {"in_channels": 6, "out_channels": [4, 2], "ranks": [2, 2], "kernels": [3, 3], "strides": [4, 4],
                 "paddings": [0, 0], "norm": "SQ", "temperature": 10, "num_classes": 2, "add_inverse": true}
                """);
    }

    /** Starts {@code codanet train} by a shell script, in an empty environment except for {@code variables}. */
    private static Process start(String script, Path out, int epochs, Map<String, String> variables)
            throws IOException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh"));
        List<String> program = Run.program(
                        "train",
                        "--config",
                        config,
                        "--data",
                        data,
                        "--out",
                        out,
                        "--epochs",
                        epochs,
                        "--batch",
                        2,
                        "--device",
                        "cpu",
                        "--threads",
                        "1")
                .command();
        // Without the words that restore the default effect of SIGINT.
        command.addAll(program.getFirst().equals("env") ? program.subList(2, program.size()) : program);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(err(out).toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder.start();
    }

    private static Path err(Path out) {
        return out.resolveSibling(out.getFileName() + ".err");
    }

    private static void signal(String name, Process process) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    private static int epochs(TrainingRun run) throws IOException {
        return Files.exists(run.metrics()) ? Files.readAllLines(run.metrics()).size() - 1 : 0;
    }

    private static void waitForMoreEpochs(int than, TrainingRun run, Process process) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (epochs(run) <= than && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertTrue(process.isAlive(), () -> text(err(run.folder())));
        assertTrue(epochs(run) > than, "the run does not go on");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Ctrl-C in the terminal of a script must not end the programs in its background, but {@code kill} must. */
    @Test
    void aRunInTheBackgroundOutlivesCtrlCAndEndsWithACheckpointOnSigterm() throws Exception {
        Path out = folder.resolve("background");
        TrainingRun run = new TrainingRun(out);
        Process process = start("trap '' INT; exec \"$@\"", out, 100_000, Map.of());
        try {
            waitForMoreEpochs(0, run, process);
            signal("INT", process);
            waitForMoreEpochs(epochs(run) + 1, run, process);
            signal("TERM", process);
            assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "the process does not end");
        } finally {
            process.destroyForcibly();
        }
        assertEquals(128 + 15, process.exitValue(), () -> text(err(out)));
        assertTrue(text(err(out)).contains("resume with: codanet train"), text(err(out)));
        assertTrue(TrainingCheckpoint.read(run.checkpoint()).position().epoch() > 2);
    }

    @Test
    void noHomeFolderIsNeeded() throws Exception {
        // Even root cannot create files in /proc.
        for (Map<String, String> variables :
                List.of(Map.of("HOME", "/proc", "XDG_CACHE_HOME", "/proc/cache"), Map.<String, String>of())) {
            Path out = folder.resolve("without-home-" + variables.size());
            Process process = start("exec \"$@\"", out, 1, variables);
            assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "the process does not end");
            assertEquals(0, process.exitValue(), () -> text(err(out)));
            assertEquals(1, epochs(new TrainingRun(out)));
        }
    }
}
