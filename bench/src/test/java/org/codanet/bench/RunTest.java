package org.codanet.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.runner.RunnerException;

final class RunTest {
    @TempDir
    private Path folder;

    /** Measures one update of a small network in this JVM. The test checks the file, not the duration. */
    @Test
    void writesTheResultsWithAHeaderThatDescribesTheMachine() throws IOException, RunnerException {
        Path file = folder.resolve("new").resolve("result.json");
        String arguments = "Adam -f 0 -wi 0 -i 1 -r 1ms -p network=XS-CoDA-grey -rff " + file;
        Run.main(arguments.split(" "));
        JsonObject all = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        assertEquals(Run.SCHEMA, all.get("schema").getAsString());
        JsonObject machine = all.getAsJsonObject("machine");
        for (String key : List.of("date", "processor", "system", "jdk", "codanet", "cpu")) {
            assertFalse(machine.get(key).getAsString().isBlank(), key);
        }
        assertEquals(
                Runtime.getRuntime().availableProcessors(), machine.get("cores").getAsInt());
        assertTrue(machine.get("peak_gflops").getAsDouble() > 0);
        assertEquals(arguments, machine.get("arguments").getAsString());
        JsonObject result = all.getAsJsonArray("results").get(0).getAsJsonObject();
        assertEquals(
                AdamBenchmark.class.getName() + ".update",
                result.get("benchmark").getAsString());
        assertTrue(result.getAsJsonObject("primaryMetric").get("score").getAsDouble() > 0);
    }
}
