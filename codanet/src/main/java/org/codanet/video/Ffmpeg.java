package org.codanet.video;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of the program ffmpeg. It is a program of its own and not a library in this JVM, because it is what most systems have or can install, it
 * is maintained, it adds nothing to the size of codanet, and a damaged video cannot crash the JVM.
 */
final class Ffmpeg implements AutoCloseable {
    private final Process process;
    private final Path errors;

    private Ffmpeg(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
    }

    /**
     * Starts the program.
     *
     * @throws IOException if it is not installed
     */
    static Ffmpeg start(List<String> arguments) throws IOException {
        String program = System.getProperty("codanet.ffmpeg", "ffmpeg");
        List<String> command = new ArrayList<>(List.of(program, "-nostdin", "-hide_banner", "-loglevel", "error"));
        command.addAll(arguments);
        Path errors = Files.createTempFile("codanet-ffmpeg", ".txt");
        try {
            return new Ffmpeg(
                    new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
        } catch (IOException e) {
            Files.deleteIfExists(errors);
            throw new IOException(
                    "videos other than GIF need the program ffmpeg, and '" + program
                            + "' cannot be started; install ffmpeg, or convert the video to GIF",
                    e);
        }
    }

    Process process() {
        return process;
    }

    /** {@return the exit code after the program has ended} */
    int waitFor() throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while ffmpeg was running", e);
        }
    }

    /** {@return the last line of the program's messages} */
    String reason() throws IOException {
        List<String> lines = Files.readString(errors, StandardCharsets.ISO_8859_1)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        return lines.isEmpty() ? "ffmpeg gives no reason" : lines.getLast();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        waitFor();
        Files.deleteIfExists(errors);
    }
}
