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

/** A process that runs 10,000 explanations. Memory use does not grow, and the last explanation gives the same bits as an early one. */
final class ManyExplanationsTest {
    /** Number of explanations after which the JVM has loaded and compiled its classes, and the workers have allocated their workspace. */
    private static final int BEFORE = 4_000;

    /** Explanations of each of the parts that follow; 10,000 in all. */
    private static final int PART = 2_000;

    private static final int PARTS = 3;

    /**
     * Bound of the memory growth in the part with the least growth. On a busy machine the JVM compiles late and allocates memory in some
     * parts, but a leak shows in every part. The device's own count would detect a leak of one map of the smallest call. Outside of that
     * count, for example in oneDNN, leaks of 1 KiB a call or more are detected.
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
