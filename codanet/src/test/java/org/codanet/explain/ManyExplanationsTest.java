package org.codanet.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.testing.ManyExplanations;
import org.codanet.testing.OwnJvm;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A process that runs 10,000 explanations: the last one takes as much memory as an early one, and gives the same bits. */
final class ManyExplanationsTest {
    /** After so many the JVM has loaded and compiled what it needs, and the workers have their workspace. */
    private static final int BEFORE = 4_000;

    /** Explanations of each of the parts that follow; 10,000 in all. */
    private static final int PART = 2_000;

    private static final int PARTS = 3;

    /**
     * What the JVM may add in the part that adds the least. It compiles late where the machine is busy, in some parts and not in all; a
     * leak is in every one. A leak of the smallest map of a call alone would be seen in the device's own count; one outside of it, in
     * oneDNN, from 1 KiB a call.
     */
    private static final long SLACK_KIB = 2 * 1024;

    /** The heap has its full size from the start, so whatever grows is native memory. */
    private static final List<String> FLAGS = List.of("-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");

    private static final int MINUTES = 5;

    @TempDir
    private Path folder;

    static Stream<String> devices() {
        return TestDevices.names().stream().filter(name -> !name.equals(TestDevices.REFERENCE));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void nativeMemoryStaysFlatAndBitsStayEqual(String device) throws IOException, InterruptedException {
        Skip.unless(Files.exists(Path.of("/proc/self/status")), "no /proc here that tells a process's memory");
        Path log = folder.resolve("log.txt");
        ProcessBuilder builder = OwnJvm.of(
                ManyExplanations.class,
                FLAGS,
                Stream.concat(
                                Stream.of(device, Integer.toString(BEFORE)),
                                Stream.generate(() -> Integer.toString(PART)).limit(PARTS))
                        .toList());
        builder.environment().put("MALLOC_ARENA_MAX", "1");
        Process program =
                builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            assertTrue(program.waitFor(MINUTES, TimeUnit.MINUTES), "not done after " + MINUTES + " minutes");
        } finally {
            program.destroyForcibly();
        }
        String said = Files.readString(log);
        assertEquals(0, program.exitValue(), said);
        List<long[]> reports = said.lines()
                .filter(line -> line.matches("\\d+( \\d+){3}"))
                .map(line -> Arrays.stream(line.split(" "))
                        .mapToLong(Long::parseLong)
                        .toArray())
                .toList();
        assertEquals(1 + PARTS, reports.size(), said);
        long[] early = reports.getFirst();
        long[] late = reports.getLast();
        assertEquals(early[1], late[1], "live bytes");
        assertEquals(early[2], late[2], "reserved bytes");
        assertEquals(early[3], late[3], "open tensors");
        long grown = IntStream.range(0, PARTS)
                .mapToLong(part -> reports.get(part + 1)[0] - reports.get(part)[0])
                .min()
                .orElseThrow();
        assertTrue(
                grown < SLACK_KIB, "every " + PART + " explanations the process has " + grown + " KiB more:\n" + said);
    }
}
