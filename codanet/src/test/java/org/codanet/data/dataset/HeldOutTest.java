package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One data set, split by a seed. */
class HeldOutTest {
    /** Classes of 50, 20 and 1 images. The name of image i is i. */
    private static final ImageDataset DATA = data(50, 20, 1);

    @Test
    void everyImageLiesInOnePart() throws IOException {
        HeldOut parts = HeldOut.split(DATA, 0.2, 7);
        TreeSet<String> all = new TreeSet<>(names(parts.training()));
        all.addAll(names(parts.test()));
        assertEquals(DATA.size(), parts.training().size() + parts.test().size());
        assertEquals(DATA.size(), all.size());
    }

    @Test
    void eachClassHasTheShare() throws IOException {
        ImageDataset test = HeldOut.split(DATA, 0.2, 7).test();
        assertEquals(List.of(10L, 4L, 0L), counts(test));
        assertEquals(List.of(1L, 1L, 0L), counts(HeldOut.split(DATA, 0.001, 7).test()));
        assertEquals(List.of(49L, 19L, 0L), counts(HeldOut.split(DATA, 0.999, 7).test()));
    }

    @Test
    void labelsAndPixelsBelongToTheSameImage() throws IOException {
        ImageDataset test = HeldOut.split(DATA, 0.3, 7).test();
        for (int i = 0; i < test.size(); i++) {
            int original = Integer.parseInt(test.imageName(i));
            assertEquals(DATA.label(original), test.label(i));
            assertEquals(DATA.read(original), test.read(i));
            byte[] bytes = new byte[1];
            test.copyBytes(i, bytes, 0);
            assertEquals(original, bytes[0]);
        }
    }

    @Test
    void theSeedDecidesWhichImagesAreHeldOut() throws IOException {
        assertEquals(
                names(HeldOut.split(DATA, 0.2, 7).test()),
                names(HeldOut.split(DATA, 0.2, 7).test()));
        assertNotEquals(
                names(HeldOut.split(DATA, 0.2, 7).test()),
                names(HeldOut.split(DATA, 0.2, 8).test()));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.5, 2, Double.NaN})
    void anImpossibleShareIsRefused(double share) {
        assertThrows(IllegalArgumentException.class, () -> HeldOut.split(DATA, share, 7));
    }

    @Test
    void classesOfOneImageCannotBeSplit() {
        assertEquals(
                "set: no class has two images, so none can be held out",
                assertThrows(FileFormatException.class, () -> HeldOut.split(data(1, 1), 0.5, 7))
                        .getMessage());
    }

    @Test
    void imagesThatAreNotThereAreRefused() throws IOException {
        ImageDataset test = HeldOut.split(DATA, 0.2, 7).test();
        assertThrows(IndexOutOfBoundsException.class, () -> test.label(14));
        assertThrows(IndexOutOfBoundsException.class, () -> test.read(-1));
    }

    private static List<Long> counts(ImageDataset data) {
        return IntStream.range(0, 3)
                .mapToObj(k -> IntStream.range(0, data.size())
                        .filter(i -> data.label(i) == k)
                        .count())
                .toList();
    }

    private static List<String> names(ImageDataset data) {
        return IntStream.range(0, data.size()).mapToObj(data::imageName).collect(Collectors.toList());
    }

    /** Images of one pixel, whose value is the index of the image. */
    private static ImageDataset data(int... counts) {
        int[] labels = IntStream.range(0, counts.length)
                .flatMap(k -> IntStream.generate(() -> k).limit(counts[k]))
                .toArray();
        byte[][] images = new byte[labels.length][1];
        for (int i = 0; i < images.length; i++) {
            images[i][0] = (byte) i;
        }
        List<String> names =
                IntStream.range(0, counts.length).mapToObj(k -> "c" + k).toList();
        return new MemoryImages(new ImageFacts("set", "", names, 1, 1, 1), Integer::toString, images, labels);
    }
}
