package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ManPagesTest {
    @Test
    void everyCommandHasAPageWithAllItsOptions(@TempDir Path folder) throws Exception {
        Run run = Run.of("generate-man-pages", "--out", folder).succeeded();

        try (Stream<Path> pages = Files.list(folder)) {
            assertEquals(run.out().lines().count(), pages.count());
        }
        String page = Files.readString(folder.resolve("codanet-generate-man-pages.1"));
        for (String part : List.of(
                ".TH CODANET-GENERATE-MAN-PAGES 1",
                ".SH SYNOPSIS",
                ".SH OPTIONS",
                "\\-\\-out DIR",
                ".SH EXAMPLES",
                ".SH EXIT STATUS")) {
            assertTrue(page.contains(part), () -> part + " is missing in: " + page);
        }
        assertTrue(Files.readString(folder.resolve("codanet.1")).contains(".SH COMMANDS"));
    }

    @Test
    void showsExclusiveOptionsAsAlternatives(@TempDir Path folder) throws Exception {
        Run.of("generate-man-pages", "--out", folder).succeeded();

        String train = Files.readString(folder.resolve("codanet-train.1"));
        String synopsis = "[OPTIONS] \\-\\-data DIR \\-\\-out RUN (\\-\\-experiment NAME | \\-\\-config FILE)\n";
        assertTrue(train.contains(synopsis), train);
        assertTrue(train.contains("130"), "the exit code after Ctrl-C");
        assertTrue(Files.readString(folder.resolve("codanet.1")).contains("[OPTIONS] COMMAND\n"));
    }

    @Test
    void noLineOfTextIsARoffCommand(@TempDir Path folder) throws Exception {
        Run.of("generate-man-pages", "--out", folder).succeeded();
        List<String> known = List.of(".TH", ".SH", ".TP", ".B", ".nf", ".fi");
        try (Stream<Path> pages = Files.list(folder)) {
            for (Path page : pages.toList()) {
                for (String line : Files.readAllLines(page)) {
                    boolean command = line.startsWith(".") || line.startsWith("'");
                    assertTrue(!command || known.contains(line.split(" ")[0]), () -> page.getFileName() + ": " + line);
                }
            }
        }
    }
}
