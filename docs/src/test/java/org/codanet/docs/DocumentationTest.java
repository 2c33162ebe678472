package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Links in documents lead to files. No file names a folder of one machine or holds the marker of a merge conflict. */
final class DocumentationTest {
    /** The target of a Markdown link or picture, without its anchor. */
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");

    private static final Pattern CONFLICT = Pattern.compile("^(<{7}|>{7}) ");

    private static final Pattern FOLDER_OF_A_PERSON = Pattern.compile("(?<![\\w~}.])/(home|root|work|Users)/\\w");

    @Test
    void everyRelativeLinkLeadsToAFile() {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path document : SourceTree.files(".", ".md")) {
            for (String line : SourceTree.lines(document)) {
                for (MatchResult link : LINK.matcher(line).results().toList()) {
                    String target = link.group(1);
                    if (target.contains("://") || target.startsWith("mailto:")) {
                        continue;
                    }
                    links++;
                    if (!Files.exists(document.resolveSibling(target))) {
                        broken.add(SourceTree.root().relativize(document) + " -> " + target);
                    }
                }
            }
        }
        assertEquals(List.of(), broken);
        assertFalse(links == 0, "no link was found, so the pattern no longer fits the documents");
    }

    @Test
    void noFileNamesAFolderOfOneMachine() {
        List<String> found = new ArrayList<>();
        for (Path file :
                SourceTree.files(".", ".md", ".java", ".xml", ".py", ".cu", ".css", "codanet", "run", ".cff")) {
            int number = 0;
            for (String line : SourceTree.lines(file)) {
                number++;
                if (FOLDER_OF_A_PERSON.matcher(line).find()) {
                    found.add(SourceTree.root().relativize(file) + ":" + number + ": " + line.strip());
                }
            }
        }
        assertEquals(List.of(), found);
    }

    @Test
    void noFileHoldsAMarkerOfAMergeConflict() {
        List<String> found = new ArrayList<>();
        for (Path file : SourceTree.files(".", ".md", ".java", ".xml", ".py", ".cu", ".css", "codanet", "run")) {
            int number = 0;
            for (String line : SourceTree.lines(file)) {
                number++;
                if (CONFLICT.matcher(line).find()) {
                    found.add(SourceTree.root().relativize(file) + ":" + number);
                }
            }
        }
        assertEquals(List.of(), found);
    }
}
