package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.codanet.bindings.testing.Skip;
import org.codanet.testing.OwnJvm;
import org.codanet.testing.TestDevices;
import org.codanet.testing.ToyTraining;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it trains, at an arbitrary moment. */
final class KilledTrainingTest {
    private static final String DEVICE = "cpu";
    private static final int EPOCHS = 40;
    private static final int SECONDS = 60;

    @TempDir
    private Path folder;

    @Test
    void aRunThatWasKilledResumesToTheSameBits() throws IOException, InterruptedException {
        Skip.unless(TestDevices.names().contains(DEVICE), "there is no " + DEVICE + " device here");
        Path whole = folder.resolve("whole");
        ToyTraining.train(DEVICE, whole, EPOCHS);
        Path part = folder.resolve("part");
        Path log = folder.resolve("log.txt");
        int kills = 0;
        for (int attempt = 0; attempt < 3; attempt++) {
            Process program = start(part, log);
            await(new TrainingRun(part).checkpoint(), program, log);
            long wait = ThreadLocalRandom.current().nextLong(400);
            kills += program.waitFor(wait, TimeUnit.MILLISECONDS) ? 0 : 1;
            program.destroyForcibly();
            assertTrue(program.waitFor(SECONDS, TimeUnit.SECONDS));
        }
        assertFalse(kills == 0, "the program was never killed before it was done; it needs more epochs");
        ToyTraining.train(DEVICE, part, EPOCHS);
        TrainingCheckpoint expected = TrainingCheckpoint.read(new TrainingRun(whole).checkpoint());
        TrainingCheckpoint actual = TrainingCheckpoint.read(new TrainingRun(part).checkpoint());
        assertEquals(expected.position(), actual.position());
        assertEquals(expected.weights(), actual.weights());
        assertEquals(expected.means(), actual.means());
        assertEquals(expected.variances(), actual.variances());
        for (int i = 0; i < EPOCHS; i++) {
            assertEquals(
                    expected.metrics().get(i).trainLoss(),
                    actual.metrics().get(i).trainLoss());
            assertEquals(
                    expected.metrics().get(i).testLoss(),
                    actual.metrics().get(i).testLoss());
        }
    }

    private static void await(Path file, Process program, Path log) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!Files.exists(file)) {
            assertTrue(System.nanoTime() < end && program.isAlive(), () -> text(log));
            Thread.sleep(5);
        }
    }

    private static String text(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Process start(Path run, Path log) throws IOException {
        return OwnJvm.of(ToyTraining.class, List.of(), List.of(DEVICE, run.toString(), Integer.toString(EPOCHS)))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }
}
