package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options --target and --against, for networks whose class names are easily confused. */
final class ClassNamesTest {
    @TempDir
    static Path folder;

    private static Run explain(String trouble, Object... options) {
        Path files = Samples.resource("trouble/" + trouble);
        List<Object> words = new ArrayList<>(List.of("explain", "-q", "--json", "--device", "cpu", "--model"));
        words.add(files.resolve("model.safetensors"));
        words.add(files.resolve("0.png"));
        words.addAll(List.of(options));
        if (!words.contains("--output")) {
            words.addAll(List.of("--output", folder.resolve("maps")));
        }
        return Run.of(words.toArray());
    }

    private static JsonObject target(Run run) {
        JsonObject image = JsonParser.parseString(run.succeeded().out()).getAsJsonObject();
        assertEquals(1, image.getAsJsonArray("targets").size());
        return image.getAsJsonArray("targets").get(0).getAsJsonObject();
    }

    private static void assertClass(int index, String name, JsonObject target) {
        assertEquals(index, target.get("class").getAsInt());
        assertEquals(name, target.get("label").getAsString());
    }

    /** Classes "0", "1", "10", "11", "2" and so on: the order of folder names. */
    @Nested
    final class NumbersAsNames {
        @Test
        void areRefusedIfTheyAreAlsoTheIndexOfAnotherClass() {
            explain("numbers_as_names", "--target", "2")
                    .failsWith(2, "name of class 4", "index of class '10'", "name:2 or index:2");
            explain("numbers_as_names", "--target", "name:5", "--against", "2").failsWith(2, "name:2 or index:2");
        }

        @Test
        void areReadAsThePrefixSays() {
            assertClass(2, "10", target(explain("numbers_as_names", "--target", "index:2")));
            assertClass(4, "2", target(explain("numbers_as_names", "--target", "name:2")));
        }

        @Test
        void areReadAsNamesIfNoClassHasThatIndex() {
            assertClass(1, "1", target(explain("numbers_as_names", "--target", "1")));
        }
    }

    /** Classes "A", "B" and "a". */
    @Nested
    final class NamesThatDifferInCase {
        @Test
        void areDifferentClasses() {
            JsonObject target = target(explain("case_classes", "--target", "a", "--against", "A"));
            assertClass(2, "a", target);
            assertEquals(0, target.get("against").getAsInt());
        }

        @Test
        void doNotStandForEachOther() {
            explain("case_classes", "--target", "b").failsWith(2, "no class 'b'", "did you mean 'B'?");
        }

        @Test
        void haveDifferentPictures() throws IOException {
            Path pictures = folder.resolve("pictures");
            explain("case_classes", "--target", "all", "--output", pictures).succeeded();
            assertEquals(4, Samples.namesIn(pictures).size(), "three pictures and a page");
        }
    }
}
