package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tables of docs/performance.md that name a measurement file have the values of that file. */
final class PerformanceTest {
    private static final Path DOCUMENT = SourceTree.root().resolve("docs/performance.md");
    private static final Pattern RECORD = Pattern.compile("\\]\\(\\.\\./(bench/results/[^)]+\\.json)\\)");

    @Test
    void everyTableEqualsItsRecord() {
        List<String> lines = SourceTree.lines(DOCUMENT);
        List<String> records = lines.stream()
                .flatMap(line -> RECORD.matcher(line).results().map(result -> result.group(1)))
                .distinct()
                .toList();
        assertFalse(records.isEmpty(), "the document names no record");
        for (String record : records) {
            List<String> table = table(SourceTree.root().resolve(record));
            assertTrue(table.size() > 2, record + " has no table");
            assertTrue(Collections.indexOfSubList(lines, table) >= 0, "not in the document: the table of " + record);
        }
    }

    /** Each ratio follows from the measurements: our best round divided by the best round of the best peer. */
    @Test
    void ratiosFollowFromTheMeasurements() {
        int checked = 0;
        for (String line : SourceTree.lines(DOCUMENT)) {
            for (Matcher found = RECORD.matcher(line); found.find(); ) {
                var record = JsonParser.parseString(String.join(
                                "\n", SourceTree.lines(SourceTree.root().resolve(found.group(1)))))
                        .getAsJsonObject();
                for (String row : strings(record.getAsJsonArray("table").asList())) {
                    String[] cells = row.split(" *\\| *");
                    if (cells.length < 10 || !cells[2].matches("\\d+")) {
                        continue;
                    }
                    double ours = 0;
                    double theirs = 0;
                    for (JsonElement each : record.getAsJsonArray("measurements")) {
                        var one = each.getAsJsonObject();
                        if (!one.get("what").getAsString().equals(cells[1])
                                || one.get("batch").getAsInt() != Integer.parseInt(cells[2])
                                || !one.has("images_per_s")) {
                            continue;
                        }
                        double speed = one.get("images_per_s").getAsDouble();
                        String who = one.get("who").getAsString();
                        ours = who.equals("codanet") ? Math.max(ours, speed) : ours;
                        theirs = who.startsWith("torch") ? Math.max(theirs, speed) : theirs;
                    }
                    assertEquals(ours / theirs, Double.parseDouble(cells[6]), 0.006, found.group(1) + ": " + row);
                    checked++;
                }
            }
        }
        assertTrue(checked > 0, "no ratio was found");
    }

    private static List<String> table(Path record) {
        return strings(JsonParser.parseString(String.join("\n", SourceTree.lines(record)))
                .getAsJsonObject()
                .getAsJsonArray("table")
                .asList());
    }

    private static List<String> strings(List<JsonElement> elements) {
        return elements.stream().map(JsonElement::getAsString).toList();
    }
}
