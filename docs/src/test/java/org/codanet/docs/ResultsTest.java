package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.codanet.model.BundledModel;
import org.junit.jupiter.api.Test;

/** The tables of docs/results.md have the values of the recorded runs, and describe the bundled network. */
final class ResultsTest {
    private static final Path RUN = SourceTree.root().resolve("docs/runs/cifar10-xs/metrics.csv");
    private static final Path EXPLANATIONS = SourceTree.root().resolve("docs/runs/explanations/summary.csv");
    private static final Path RESULTS = SourceTree.root().resolve("docs/results.md");

    @Test
    void tableOfEpochsEqualsTheRecordedRun() {
        List<String> table = SourceTree.lines(RESULTS).stream()
                .filter(line -> line.matches("\\| \\d+ \\|.*"))
                .toList();
        List<String> recorded =
                SourceTree.lines(RUN).stream().skip(1).map(ResultsTest::row).toList();
        assertFalse(recorded.isEmpty(), "the recorded run has no epoch");
        assertEquals(recorded, table);
    }

    @Test
    void tableOfExplanationsEqualsTheRecord() {
        List<String> table = SourceTree.lines(RESULTS).stream()
                .filter(line -> line.matches("\\| \\S+ \\| \\S+ \\| (localisation|removal) \\|.*"))
                // The published values are not part of the record.
                .map(line -> line.replaceFirst("(\\|( [^|]*\\|){6}).*", "$1"))
                .toList();
        List<String> recorded = SourceTree.lines(EXPLANATIONS).stream()
                .skip(1)
                .map(ResultsTest::explanation)
                .toList();
        assertFalse(recorded.isEmpty(), "the record has no row");
        assertEquals(recorded, table);
    }

    private static String explanation(String line) {
        String[] f = line.split(",", -1);
        int details = f[2].equals("localisation") ? 5 : 8;
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %.3f | %.3f %.3f %.3f |",
                f[0],
                f[1],
                f[2],
                f[3],
                Double.parseDouble(f[4]),
                Double.parseDouble(f[details]),
                Double.parseDouble(f[details + 1]),
                Double.parseDouble(f[details + 2]));
    }

    @Test
    void shippedNetworkIsTheBestEpochOfTheRun() throws Exception {
        double best = SourceTree.lines(RUN).stream()
                .skip(1)
                .mapToDouble(line -> Double.parseDouble(line.split(",")[6]))
                .max()
                .orElseThrow();
        assertEquals(best, BundledModel.read().orElseThrow().scores().get("top1"));
        String stated = String.format(Locale.ROOT, "**%.2f %%**", 100 * best);
        assertTrue(SourceTree.lines(RESULTS).stream().anyMatch(line -> line.contains(stated)), "nowhere: " + stated);
    }

    private static String row(String line) {
        String[] f = line.split(",");
        return String.format(
                Locale.ROOT,
                "| %s | %.4f | %.2f %% | %.4f | %.2f %% | %.2f %% |",
                f[0],
                Double.parseDouble(f[3]),
                100 * Double.parseDouble(f[4]),
                Double.parseDouble(f[5]),
                100 * Double.parseDouble(f[6]),
                100 * Double.parseDouble(f[7]));
    }
}
