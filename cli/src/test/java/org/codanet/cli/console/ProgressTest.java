package org.codanet.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProgressTest {
    private final StringWriter text = new StringWriter();
    private long now;

    private Progress progress(boolean terminal) {
        return new Progress(new PrintWriter(text), terminal, "epoch 1/3", "images", 1000, () -> now);
    }

    private void second(long s) {
        now = s * 1_000_000_000L;
    }

    @Test
    void redrawsOneLineOnATerminal() {
        try (Progress progress = progress(true)) {
            second(1);
            progress.at(250, "loss 0.5000");
            second(4);
            progress.at(1000, "loss 0.25");
        }

        List<String> drawn = List.of(text.toString().split("\r"));
        assertEquals("epoch 1/3 [==        ]  25 %  250 images/s  3 s left  loss 0.5000", drawn.get(1));
        assertTrue(drawn.get(2).startsWith("epoch 1/3 [==========] 100 %  250 images/s  loss 0.25"));
        assertEquals(
                drawn.get(1).length(),
                drawn.get(2).stripTrailing().length() + trailing(drawn.get(2)),
                "the longer line is overwritten");
        assertTrue(text.toString().endsWith(System.lineSeparator()));
    }

    private static int trailing(String line) {
        String first = line.lines().findFirst().orElseThrow();
        return first.length() - first.stripTrailing().length();
    }

    @Test
    void printsALineEveryTenSecondsToAFile() {
        try (Progress progress = progress(false)) {
            for (int s = 1; s <= 25; s++) {
                second(s);
                progress.at(40L * s, "");
            }
        }

        assertEquals(
                List.of(
                        "epoch 1/3  40 %  400/1000  40.0 images/s  15 s left",
                        "epoch 1/3  80 %  800/1000  40.0 images/s  5 s left"),
                text.toString().lines().toList());
    }

    @Test
    void keepsTheLineShorterThanTheTerminal() {
        Progress progress = progress(true);
        second(1);
        progress.at(1, "x".repeat(300));
        assertTrue(text.toString().length() <= 80, text.toString());
    }

    @Test
    void redrawsAtMostTenTimesPerSecond() {
        Progress progress = progress(true);
        for (int i = 0; i < 1000; i++) {
            now += 1_000_000;
            progress.at(i, "");
        }
        assertEquals(10, text.toString().chars().filter(c -> c == '\r').count());
    }

    @Test
    void printsNothingIfQuiet() {
        try (Progress progress = new Progress(null, true, "x", "y", 10, () -> now)) {
            second(100);
            progress.at(5, "");
        }
        assertEquals("", text.toString());
    }

    @Test
    void formatsDurations() {
        assertEquals("42 s", Progress.duration(42.4));
        assertEquals("3:07 min", Progress.duration(187));
        assertEquals("1:02:09 h", Progress.duration(3729));
    }
}
