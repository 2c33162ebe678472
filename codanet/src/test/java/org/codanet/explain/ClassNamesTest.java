package org.codanet.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.codanet.model.CodaNetConfig;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClassNamesTest {
    /** Class names of a network with these labels, in order. */
    private static ClassNames named(String... labels) {
        return new ClassNames(CodaNetConfig.builder(6)
                .layer(labels.length, 1, 1, 1, 0)
                .labels(List.of(labels))
                .build());
    }

    private static void refuses(ClassNames names, String text, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, () -> names.target(text))
                .getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "'" + part + "' expected in: " + message);
        }
    }

    @Nested
    final class OneClass {
        @Test
        void isFoundByNameAndByIndex() {
            ClassNames names = named("cat", "dog");
            assertEquals(1, names.index("dog"));
            assertEquals(1, names.index(" dog "));
            assertEquals(1, names.index("1"));
            assertEquals(1, names.index("index:1"));
            assertEquals(1, names.index("name:dog"));
        }

        @Test
        void isFoundByIndexOnlyIfTheClassesHaveNoNames() {
            ClassNames names =
                    new ClassNames(CodaNetConfig.builder(6).layer(2, 1, 1, 1, 0).build());
            assertEquals(1, names.index("1"));
            refuses(names, "name:1", "no class 'name:1'", "0 to 1");
        }

        @Test
        void isRefusedIfANameIsTheIndexOfAnotherClass() {
            ClassNames digits = named("0", "1", "10", "2");
            refuses(digits, "2", "name of class 3", "index of class '10'", "name:2", "index:2");
            assertEquals(2, digits.index("index:2"));
            assertEquals(3, digits.index("name:2"));
        }

        @Test
        void isNotAmbiguousIfNameAndIndexAgreeOrOnlyOneExists() {
            ClassNames digits = named("0", "1", "10", "2");
            assertEquals(1, digits.index("1"));
            assertEquals(2, digits.index("10"));
            assertEquals(3, digits.index("3"));
        }

        @Test
        void isRefusedIfSeveralClassesHaveTheName() {
            refuses(named("cat", "dog", "cat"), "cat", "several classes are called 'cat'", "index:0 or index:2");
        }

        @Test
        void differsFromAClassOfAnotherCase() {
            ClassNames names = named("A", "B", "a");
            assertEquals(0, names.index("A"));
            assertEquals(2, names.index("a"));
            refuses(names, "b", "no class 'b'", "did you mean 'B'?");
        }

        @Test
        void mayHaveAPrefixInItsName() {
            ClassNames names = named("cat", "index:0", "name:cat");
            assertEquals(0, names.index("index:0"));
            assertEquals(1, names.index("name:index:0"));
            assertEquals(2, names.index("name:name:cat"));
        }

        @ParameterizedTest
        @CsvSource({"2", "-1", "+1", "01", "1.0", "index:2", "index:dog", "index:", "name:", "999999999999", "''"})
        void isRefusedIfItDoesNotExist(String text) {
            refuses(named("cat", "dog"), text, "no class", "0 to 1", "cat, dog");
        }
    }

    @Nested
    final class SeveralClasses {
        @Test
        void areSeparatedByCommasAndKeepTheirOrder() {
            assertEquals(List.of(2, 0, 1), named("cat", "dog", "owl").list("owl, 0,name:dog"));
        }

        @Test
        void mayHaveCommasInTheirNames() {
            ClassNames names = named("cat", "cat, wild", "dog");
            assertEquals(List.of(1), names.list("cat, wild"));
            assertEquals(List.of(2, 1, 0), names.list("dog,cat, wild,cat"));
            assertEquals(List.of(1), names.list("name:cat\\, wild"));
            assertEquals(1, names.index("cat, wild"));
        }

        @Test
        void areRefusedIfCommasCanBeReadInSeveralWays() {
            ClassNames names = named("a", "b", "a,b");
            refuses(names, "a,b", "several lists", "index:0,index:1", "index:2");
            assertEquals(List.of(2), names.list("a\\,b"));
            assertEquals(List.of(2), names.list("name:a\\,b"));
            assertEquals(List.of(0, 1), names.list("name:a,name:b"));
        }

        @Test
        void areRefusedIfOneOfThemDoesNotExist() {
            refuses(named("cat", "dog"), "cat,unicorn,dog", "no class 'unicorn'");
            refuses(named("cat", "dog"), "cat,", "no class ''");
        }

        /** The number of ways to read a text grows exponentially with its length. */
        @Test
        void areReadQuicklyEvenIfThereAreManyWays() {
            String text =
                    String.join(",", IntStream.range(0, 500).mapToObj(i -> "a").toList());
            refuses(named("a", "a,a"), text, "several lists");
        }
    }

    @Nested
    final class Keywords {
        @Test
        void standForTheBestOrForAllClasses() {
            ClassNames names = named("cat", "dog");
            assertEquals(Target.topK(3), names.target("top3"));
            assertEquals(Target.topK(3), names.target("top:3"));
            assertEquals(Target.all(), names.target("all"));
            assertEquals(Target.all(), names.target("index:all"));
        }

        @Test
        void areRefusedIfAClassHasTheirName() {
            ClassNames names = named("all", "top3");
            refuses(names, "all", "every class", "name of class 0", "index:all or name:all");
            refuses(names, "top3", "name of class 1", "top:3 or name:top3");
            assertEquals(Target.classes(0), names.target("name:all"));
            assertEquals(Target.classes(1), names.target("name:top3"));
            assertEquals(Target.all(), names.target("index:all"));
            assertEquals(Target.topK(3), names.target("top:3"));
        }
    }
}
