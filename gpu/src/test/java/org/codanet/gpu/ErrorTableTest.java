package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.Rounding;
import org.junit.jupiter.api.Test;

/** Recomputes the table of errors in docs/performance.md. Every precision must be within the tolerance of the contracts. */
final class ErrorTableTest {
    /** Factor of the tolerance for a whole network, in which every layer rounds its operands. */
    private static final double WHOLE_NETWORK = 2;

    @Test
    void everyPrecisionStaysWithinItsTolerance() {
        assertWithinTolerance(SimulatedMachine.folder().toString());
    }

    /** The only test of this module that uses a real GPU. The script bench/on-gpu runs all contracts on one. */
    @Test
    void aGpuOfThisMachineStaysWithinThemToo() {
        String opened = OtherJvm.output("", MissingFunctionTest.Open.class);
        Skip.unlessForGpu(
                opened.contains("opened cuda:0"),
                "there is no GPU to run on: " + opened.lines().findFirst().orElse(opened));
        assertWithinTolerance("");
    }

    private static void assertWithinTolerance(String libraries) {
        Path golden = Path.of("../codanet/src/test/resources/org/codanet/golden");
        String output = OtherJvm.output(libraries, ErrorTable.class, golden.toString());
        System.out.print(output);
        List<String[]> rows = output.lines().map(line -> line.split(" *\\| *")).toList();
        List<String> columns = Stream.of(rows.getFirst()).skip(2).toList();
        assertTrue(columns.containsAll(List.of("cpu fp32", "cuda fp32", "cuda tf32", "cuda bf16")), output);
        assertEquals(2 + 3 * 3 + 2, rows.size(), output);
        for (String[] row : rows.subList(2, rows.size())) {
            for (int i = 0; i < columns.size(); i++) {
                Precision precision = Precision.valueOf(columns.get(i)
                        .substring(columns.get(i).indexOf(' ') + 1)
                        .toUpperCase(Locale.ROOT));
                double tolerance =
                        Rounding.tolerance(precision, 1e-5) * (row[1].startsWith("networks") ? WHOLE_NETWORK : 1);
                double error = Double.parseDouble(row[i + 2]);
                String where = row[1] + " on " + columns.get(i) + ": " + error + ", allowed " + tolerance;
                assertTrue(error <= tolerance, where);
                // A smaller error would mean that the operands were not rounded.
                assertTrue(precision == Precision.FP32 || error >= tolerance / 50, where);
            }
        }
    }
}
