package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.StandardStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands whose reader closes their output, as in {@code codanet predict ... | head -1}. */
final class ClosedOutputTest {
    /** Enough images that the output does not fit into the buffer of a pipe. */
    private static final int IMAGES = 2000;

    @TempDir
    static Path folder;

    private static Path model;
    private static Path images;

    /** A pipe that its reader closes after {@code limit} bytes. */
    static final class Pipe extends OutputStream {
        private final int limit;
        private int written;
        private int refused;

        Pipe(int limit) {
            this.limit = limit;
        }

        @Override
        public void write(int b) throws IOException {
            if (written >= limit) {
                refused++;
                throw new IOException("Broken pipe");
            }
            written++;
        }
    }

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        images = Samples.array(folder, "X.npy", IMAGES, 3);
    }

    static Stream<List<String>> commands() {
        return Stream.of(
                List.of("predict", "--model", "M", "--input", "X"),
                List.of("predict", "--model", "M", "--input", "X", "--json"),
                List.of("explain", "--model", "M", "--input", "X", "--json", "--output", "C"),
                List.of("bench", "--model", "M", "--batches", "1,2", "--seconds", "0.01"),
                List.of("inspect", "M"),
                List.of("inspect", "--experiments"),
                List.of("plan", "M"),
                List.of("doctor"),
                List.of("--help"),
                List.of("generate-completion"));
    }

    private static String[] words(List<String> command, Path output) {
        return command.stream()
                .map(w -> switch (w) {
                    case "M" -> model.toString();
                    case "X" -> images.toString();
                    case "C" -> output.toString();
                    default -> w;
                })
                .toArray(String[]::new);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void commandsStopSoonAndSilentlyWhenTheReaderHasClosedTheirOutput(List<String> command) throws IOException {
        Path output = folder.resolve("C.npy");
        Pipe pipe = new Pipe(10);
        StringWriter err = new StringWriter();

        int code = Main.run(words(command, output), new StandardStream(pipe, true), new PrintWriter(err));

        assertEquals(ExitCodes.OUTPUT_CLOSED, code, err.toString());
        assertFalse(err.toString().contains("codanet"), () -> "an error message: " + err);
        assertFalse(err.toString().contains("Exception"), () -> "a stack trace: " + err);
        assertTrue(pipe.refused < 10, () -> "it tried to write again, " + pipe.refused + " times");
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    List.of(), left.filter(f -> f.toString().contains("C.npy")).toList());
        }
    }

    /** A full disk also stops the command, but it is a failure with an error message. */
    @ParameterizedTest
    @MethodSource("commands")
    void commandsFailWhenTheirOutputCannotBeWrittenToAFile(List<String> command) {
        StringWriter err = new StringWriter();

        int code = Main.run(
                words(command, folder.resolve("C.npy")), new StandardStream(new Pipe(10), false), new PrintWriter(err));

        assertEquals(1, code, err.toString());
        assertTrue(err.toString().endsWith("could not be written to standard output" + System.lineSeparator()));
    }

    /** As in {@code codanet predict --output Y.npy ... 2>&1 | true}, where only the progress is printed. */
    @Test
    void aCommandStopsWhenTheReaderHasClosedItsProgress() {
        Path output = folder.resolve("Y.npy");
        StringWriter out = new StringWriter();

        int code = Main.run(
                words(List.of("predict", "--model", "M", "--input", "X", "--output", "C"), output),
                new PrintWriter(out),
                new StandardStream(new Pipe(0), true));

        assertEquals(ExitCodes.OUTPUT_CLOSED, code);
        assertFalse(Files.exists(output));
    }

    @Test
    void stopsInARealPipe() throws Exception {
        Path err = folder.resolve("pipe.err");
        Process process = Run.program((Object[]) words(commands().toList().get(1), null))
                .redirectError(err.toFile())
                .start();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertTrue(reader.readLine().startsWith("{"));
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
        assertEquals(ExitCodes.OUTPUT_CLOSED, process.exitValue(), () -> "standard error is in " + err);
        assertFalse(Files.readString(err).contains("codanet"), "an error message");
    }

    @Test
    void failsOnARealFullDevice() throws Exception {
        Path full = Path.of("/dev/full");
        Skip.unless(Files.exists(full) && !Files.isRegularFile(full), "this system has no /dev/full");
        Path err = folder.resolve("full.err");
        Process process = Run.program("inspect", "--experiments")
                .redirectOutput(full.toFile())
                .redirectError(err.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
        assertEquals(1, process.exitValue());
        assertTrue(Files.readString(err).contains("could not be written to standard output"), Files.readString(err));
    }
}
