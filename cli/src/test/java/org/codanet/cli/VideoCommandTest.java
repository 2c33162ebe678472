package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code video} on a GIF file of one frame; {@code VideoTest} has more frames. */
final class VideoCommandTest {
    @TempDir
    Path folder;

    private Path model;
    private Path video;

    @BeforeEach
    void makeInputs() throws IOException {
        model = Samples.model(folder, false);
        video = Samples.picture(folder.resolve("video.gif"));
    }

    @Test
    void printsClassSpeedAndStability() {
        Path out = folder.resolve("out.gif");
        String text = Run.of("video", video, "--model", model, "--class", "dog", "--out", out)
                .succeeded()
                .out();
        assertTrue(text.startsWith("1 frames explained for dog, "), text);
        assertTrue(text.contains("temporal stability 1.000"), text);
        assertTrue(Files.exists(out));
        String json = Run.of("video", video, "--model", model, "--json", "--out", out)
                .succeeded()
                .out();
        assertTrue(json.contains("\"schema\":\"codanet.video/1\"") && json.contains("\"frames_per_second\""), json);
    }

    @Test
    void wrongArgumentsAreOneSentence() throws IOException {
        Path out = folder.resolve("out.gif");
        Run.of("video", folder.resolve("none.gif"), "--model", model, "--out", out)
                .failsWith(1, "there is no such file");
        Run.of("video", video, "--model", model, "--class", "bird", "--out", out)
                .failsWith(2, "bird");
        Run.of("video", video, "--model", model, "--box", "0,0,1", "--out", out).failsWith(2, "--box has 3 numbers");
        Run.of("video", video, "--model", model, "--start", "5", "--out", out).failsWith(1, "has no frames between");
        Run.of("video", video, "--model", model, "--out", folder.resolve("out.txt"))
                .failsWith(2, "is not named as a video");
        Path text = Files.writeString(folder.resolve("text.gif"), "GIF89a is how it begins, and then there is text");
        Run.of("video", text, "--model", model, "--out", out).failsWith(1, "text.gif: ");
        assertTrue(Files.notExists(out));
    }
}
