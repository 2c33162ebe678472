package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Maps the labels of images to the classes of a network. */
class ClassMatchTest {
    @Nested
    class FoldersOfClasses {
        @Test
        void areMatchedByName() throws IOException {
            assertEquals(List.of(2, 0), labels(match(data(ClassNaming.FOLDERS, "a", "b"), List.of("b", "other", "a"))));
        }

        @Test
        void mayDifferInCaseSpacesAndPunctuationIfThatIsClear() throws IOException {
            assertEquals(
                    List.of(1, 0),
                    labels(match(
                            data(ClassNaming.FOLDERS, "ankle_boot", "T-shirt"), List.of("t shirt", "Ankle boot"))));
        }

        @Test
        void areDifferentIfOnlyTheirCaseDiffers() throws IOException {
            assertEquals(List.of(1, 0), labels(match(data(ClassNaming.FOLDERS, "a", "A"), List.of("A", "a"))));
            assertEquals(
                    "set: class 'B' is not among the classes of the network, which are a, A, b",
                    refusal(data(ClassNaming.FOLDERS, "a", "B"), List.of("a", "A", "b")));
        }

        @Test
        void ofPunctuationAreMatchedExactly() throws IOException {
            assertEquals(List.of(1, 0), labels(match(data(ClassNaming.FOLDERS, "-", "+"), List.of("+", "-"))));
            assertEquals(
                    "set: class '-' is not among the classes of the network, which are +, *",
                    refusal(data(ClassNaming.FOLDERS, "-", "+"), List.of("+", "*")));
        }
    }

    @Nested
    class ListsOfNames {
        @Test
        void mustHaveTheOrderOfTheNetwork() throws IOException {
            assertEquals(List.of(0, 1), labels(match(data(ClassNaming.LIST, "A", "B"), List.of("a", "b", "c"))));
            assertEquals(
                    "set: class 0 is 'b' in the data and 'a' in the network: the classes stand in another order",
                    refusal(data(ClassNaming.LIST, "b", "a"), List.of("a", "b")));
        }
    }

    @Nested
    class Numbers {
        @Test
        void countTheClassesOfTheNetwork() throws IOException {
            assertEquals(
                    List.of(0, 1), labels(match(data(ClassNaming.NUMBERS, "0", "1"), List.of("cat", "dog", "cow"))));
        }

        @Test
        void areNamesIfTheNetworksClassesAreCalledByNumbers() throws IOException {
            assertEquals(
                    List.of(0, 1, 3),
                    labels(match(data(ClassNaming.NUMBERS, "0", "1", "2"), List.of("0", "1", "10", "2"))));
        }

        @Test
        void beyondTheClassesOfTheNetworkAreRefused() throws IOException {
            assertEquals(
                    "set: has 3 classes, but the network has 2: class '2' is not among the classes of the network,"
                            + " which are cat, dog",
                    refusal(data(ClassNaming.NUMBERS, "0", "1", "2"), List.of("cat", "dog")));
        }
    }

    private static String refusal(ImageDataset data, List<String> classes) {
        return assertThrows(FileFormatException.class, () -> match(data, classes))
                .getMessage();
    }

    private static ImageDataset match(ImageDataset data, List<String> classes) throws IOException {
        ImageDataset matched = ClassMatch.match(data, classes, "the network");
        assertEquals(classes, matched.classNames());
        return matched;
    }

    private static List<Integer> labels(ImageDataset data) {
        return IntStream.range(0, data.size()).mapToObj(data::label).toList();
    }

    /** One image of each class, in order. */
    private static ImageDataset data(ClassNaming naming, String... classNames) {
        List<String> names = List.of(classNames);
        int count = names.size();
        return new MemoryImages(
                new ImageFacts("set", "", names, 1, 1, 1).withNaming(naming),
                Integer::toString,
                new byte[count][1],
                IntStream.range(0, count).toArray());
    }
}
