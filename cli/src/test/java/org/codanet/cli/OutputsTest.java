package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How commands treat existing files and folders at the place where they write. */
final class OutputsTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path picture;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        picture = Samples.picture(folder.resolve("photo.png"));
    }

    private static Run explainTo(Path output) {
        return Run.of("explain", "-q", "--model", model, picture, "--target", "cat", "--output", output);
    }

    @Nested
    final class APage {
        @Test
        void ofAnotherProgramIsNotReplaced() throws IOException {
            Path site = Files.createDirectory(folder.resolve("site"));
            Path page = Files.writeString(site.resolve("index.html"), "<h1>My own page</h1>");

            explainTo(site).failsWith(1, page.toString(), "not a page of codanet");
            Run.of("quickstart", "--out", site, "--epochs", "1").failsWith(1, page.toString(), "not a page of codanet");

            assertEquals(List.of("index.html"), Samples.namesIn(site));
            assertEquals("<h1>My own page</h1>", Files.readString(page));
        }

        @Test
        void ofCodanetIsReplaced() {
            explainTo(folder.resolve("twice")).succeeded();
            explainTo(folder.resolve("twice")).succeeded();
        }
    }

    @Nested
    final class AFolder {
        @ParameterizedTest
        @ValueSource(strings = {"map.png", "MAP.JPG", "map.svg", "page.html"})
        void isNotCreatedWithTheNameOfAFile(String name) {
            Path output = folder.resolve(name);
            explainTo(output).failsWith(1, output.toString(), "the name is that of a file");
            assertFalse(Files.exists(output));
        }

        @Test
        void thatHasTheNameOfAFileAlreadyIsUsed() throws IOException {
            Path output = Files.createDirectory(folder.resolve("existing.png"));
            explainTo(output).succeeded();
            assertTrue(Files.exists(output.resolve("index.html")));
        }

        @Test
        void mayHaveADotInItsName() {
            explainTo(folder.resolve("maps-v1.5")).succeeded();
        }
    }

    @Test
    void aSymbolicLinkIsFollowedByEveryCommand() throws IOException {
        Path target = folder.resolve("target.safetensors");
        Path link = Files.createSymbolicLink(folder.resolve("link.safetensors"), Path.of("target.safetensors"));
        Run.of("convert", model, link).succeeded();
        Path logits = Files.createSymbolicLink(folder.resolve("link.npy"), Path.of("target.npy"));
        Run.of("predict", "-q", "--model", link, picture, "--output", logits).succeeded();
        Path table = Files.createSymbolicLink(folder.resolve("link.csv"), Path.of("target.csv"));
        Run.of("predict", "-q", "--model", link, picture, "--csv", table).succeeded();

        for (Path each : List.of(link, logits, table)) {
            assertTrue(Files.isSymbolicLink(each), each.toString());
            assertTrue(Files.isRegularFile(each), each.toString());
        }
        assertTrue(Files.isRegularFile(target));
    }

    @Test
    void quietPrintsResultsOnly() {
        Run run = explainTo(folder.resolve("quiet")).succeeded();
        assertEquals("", run.err());
        assertEquals(2, run.out().lines().count(), run.out());
    }
}
