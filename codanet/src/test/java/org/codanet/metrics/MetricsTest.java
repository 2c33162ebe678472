package org.codanet.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Small cases calculated by hand. */
final class MetricsTest {
    /** Four classes with three images each, all correct; image n has the class n mod 4 and the logit 12 - n. */
    private static Confidences twelveImages() {
        float[] logits = new float[12 * 4];
        int[] labels = new int[12];
        for (int n = 0; n < 12; n++) {
            labels[n] = n % 4;
            logits[n * 4 + n % 4] = 12 - n;
        }
        return Confidences.of(logits, labels, 4);
    }

    @Nested
    class ConfidentImages {
        @Test
        void areSortedByTheirLogit() {
            Confidences confidences = Confidences.of(new float[] {1, 0, 3, 0, 2, 0}, new int[] {0, 0, 0}, 2);
            assertEquals(
                    List.of(1, 2, 0),
                    confidences.images(0).stream().map(Confidences.Image::index).toList());
        }

        @Test
        void mustBeClassifiedCorrectly() {
            Confidences confidences = Confidences.of(new float[] {1, 2, 2, 1}, new int[] {0, 0}, 2);
            assertEquals(1, confidences.images(0).size());
            assertTrue(confidences.images(1).isEmpty());
        }

        @Test
        void cannotComeFromLogitsThatAreNotNumbers() {
            assertThrows(
                    IllegalArgumentException.class, () -> Confidences.of(new float[] {Float.NaN, 0}, new int[] {0}, 2));
        }

        @Test
        void needAProbabilityAboveOneHalf() {
            float[] logits = {-1, -2, -3, -4, -2, -1, -4, -3};
            Confidences confidences = Confidences.of(logits, new int[] {0, 1}, 4);
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class, () -> GridSampler.sample(confidences, 1, 1, Protocol.CORRECTED, 0));
            assertEquals(
                    "grids: a grid of 1 x 1 needs confident images of 1 classes, and only 0 classes have any; use a smaller grid or"
                            + " more images",
                    refusal.getMessage());
        }
    }

    @Nested
    class Grids {
        @Test
        void ofTheCorrectedProtocolUseEveryImageAtMostOnce() {
            List<Grid> grids = GridSampler.sample(twelveImages(), 2, 100, Protocol.CORRECTED, 1);
            assertEquals(3, grids.size(), "four classes with three images fill three grids of four cells");
            Set<Integer> used = new HashSet<>();
            grids.forEach(grid -> grid.images().forEach(image -> assertTrue(used.add(image), "image " + image)));
        }

        @Test
        void ofTheOriginalProtocolEndAsSoonAsAClassRunsOut() {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> GridSampler.sample(twelveImages(), 2, 100, Protocol.ORIGINAL, 1),
                    "the published code needs more classes than cells");
        }

        @Test
        void dependOnTheSeedAlone() {
            Confidences images = twelveImages();
            assertEquals(
                    GridSampler.sample(images, 2, 3, Protocol.CORRECTED, 7),
                    GridSampler.sample(images, 2, 3, Protocol.CORRECTED, 7));
            assertNotEquals(
                    GridSampler.sample(images, 2, 3, Protocol.CORRECTED, 7),
                    GridSampler.sample(images, 2, 3, Protocol.CORRECTED, 8));
        }

        @Test
        void placeTheirCellsRowByRowOrColumnByColumn() {
            List<float[]> pixels = List.of(new float[] {1}, new float[] {2}, new float[] {3}, new float[] {4});
            List<Integer> four = List.of(0, 1, 2, 3);
            assertArrayEquals(
                    new float[] {1, 2, 3, 4}, new Grid(four, four, Protocol.CORRECTED).compose(pixels, 1, 1, 1));
            assertArrayEquals(
                    new float[] {1, 3, 2, 4}, new Grid(four, four, Protocol.ORIGINAL).compose(pixels, 1, 1, 1));
        }

        @Test
        void shareThePositiveValuesOfAMap() {
            List<Integer> four = List.of(0, 1, 2, 3);
            Grid grid = new Grid(four, four, Protocol.CORRECTED);
            assertArrayEquals(new double[] {0.25, 0.75, 0, 0}, grid.shares(new float[] {1, 3, -5, 0}, 1, 1));
            assertArrayEquals(new double[] {0, 0, 0, 0}, grid.shares(new float[] {-1, -3, -5, 0}, 1, 1));
        }

        @Test
        void refuseAMapWithAValueThatIsNotANumber() {
            Grid grid = new Grid(List.of(0), List.of(0), Protocol.CORRECTED);
            assertThrows(IllegalArgumentException.class, () -> grid.shares(new float[] {Float.NaN}, 1, 1));
        }
    }

    @Nested
    class RemovedPixels {
        private final float[] map = {3, -1, 2, -4, 0, 0};

        @Test
        void areTheLeastOrTheMostImportant() {
            assertArrayEquals(
                    new int[] {3, 1, 4}, removal(Removal.LEAST_IMPORTANT_FIRST).order(map));
            assertArrayEquals(
                    new int[] {0, 2, 4}, removal(Removal.MOST_IMPORTANT_FIRST).order(map));
        }

        private PixelRemoval removal(Removal removal) {
            return new PixelRemoval(removal, 0.5, 3, Protocol.CORRECTED);
        }

        @Test
        void areEvenlySpreadOverThePoints() {
            PixelRemoval corrected = new PixelRemoval(Removal.LEAST_IMPORTANT_FIRST, 0.25, 10, Protocol.CORRECTED);
            assertEquals(List.of(0, 4, 7, 11, 14, 18, 22, 25, 29, 32, 36), corrected.counts(144));
        }

        @Test
        void areAWholeStrideApartInTheOriginalProtocol() {
            PixelRemoval original = new PixelRemoval(Removal.LEAST_IMPORTANT_FIRST, 0.25, 10, Protocol.ORIGINAL);
            assertEquals(13, original.counts(144).size());
            assertEquals(36, original.counts(144).getLast());
        }

        @Test
        void areAtLeastAsManyAsThePoints() {
            PixelRemoval removal = new PixelRemoval(Removal.LEAST_IMPORTANT_FIRST, 0.25, 10, Protocol.ORIGINAL);
            IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> removal.counts(16));
            assertEquals(
                    "pixel removal: 10 points need as many pixels, and a share of 0.25 of 16 pixels is 4",
                    refusal.getMessage());
        }
    }

    @Nested
    class Summaries {
        @Test
        void interpolatePercentilesLinearly() {
            Summary summary = Summary.of(new double[] {4, 1, 3, 2}, 0);
            assertEquals(2.5, summary.mean());
            assertEquals(1.75, summary.percentile25());
            assertEquals(2.5, summary.median());
            assertEquals(3.25, summary.percentile75());
        }

        @Test
        void containTheMeanInTheirInterval() {
            double[] values = new double[100];
            Arrays.setAll(values, i -> i % 10);
            Summary summary = Summary.of(values, 3);
            assertTrue(summary.low() < 4.5 && summary.high() > 4.5, summary.toString());
            // The standard error is 2.87 / 10, so the interval is about 1.1 wide.
            assertEquals(1.13, summary.high() - summary.low(), 0.2);
        }

        @Test
        void resampleGroupsAsAWhole() {
            double[] values = {0, 0, 0, 0, 1, 1, 1, 1};
            Summary alone = Summary.of(values, 3);
            Summary grouped = Summary.of(values, new int[] {0, 0, 0, 0, 1, 1, 1, 1}, 3);
            assertTrue(grouped.high() - grouped.low() > alone.high() - alone.low());
        }
    }
}
