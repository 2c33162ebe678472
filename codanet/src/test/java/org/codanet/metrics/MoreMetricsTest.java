package org.codanet.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Replacement of pixels, errors of maps and boxes, on cases that were worked by hand. */
final class MoreMetricsTest {
    @Nested
    class ReplacementOfPixels {
        /** Two channels of three pixels. */
        private final float[] image = {1, 2, 3, 4, 5, 6};

        @Test
        void changesAllChannelsOfAPixelInTheGivenOrder() {
            float[] images = PixelReplacement.images(image, new float[6], 3, new int[] {2, 0, 1}, List.of(0, 1, 3));
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 1, 2, 0, 4, 5, 0, 0, 0, 0, 0, 0, 0}, images);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, image, "the image itself is unchanged");
        }

        @Test
        void insertionEndsWithTheImage() {
            float[] blurred = PixelReplacement.blurred(image, 1, 3);
            float[] images = PixelReplacement.images(blurred, image, 3, new int[] {1, 2, 0}, List.of(0, 3));
            assertArrayEquals(blurred, java.util.Arrays.copyOf(images, 6));
            assertArrayEquals(image, java.util.Arrays.copyOfRange(images, 6, 12));
        }

        @Test
        void blurIsTheWeightedMeanOfTheLineInsideTheImage() {
            double near = Math.exp(-1.0 / 50);
            double far = Math.exp(-4.0 / 50);
            float[] blurred = PixelReplacement.blurred(new float[] {0, 0, 1}, 1, 3);
            assertEquals(far / (1 + near + far), blurred[0], 1e-6);
            assertEquals(near / (1 + 2 * near), blurred[1], 1e-6);
            assertEquals(1 / (1 + near + far), blurred[2], 1e-6);
            float[] column = PixelReplacement.blurred(new float[] {0, 0, 1}, 3, 1);
            assertArrayEquals(blurred, column, "lines and columns are treated alike");
        }

        @Test
        void areaIsThatOfTrapezoids() {
            assertEquals(0.5, PixelReplacement.areaUnder(new double[] {1, 0}));
            assertEquals(
                    (0.9 / 2 + 0.6 + 0.1 / 2) / 2, PixelReplacement.areaUnder(new double[] {0.9, 0.6, 0.1}), 1e-12);
        }
    }

    @Nested
    class Errors {
        @Test
        void completenessIsRelativeToTheExplainedDifference() {
            assertEquals(0, MapErrors.completeness(new float[] {1, 2, -0.5f}, 1.5, -1));
            assertEquals(0.2, MapErrors.completeness(new float[] {1, 2}, 3, 0.5), 1e-12);
            assertEquals(1, MapErrors.completeness(new float[] {0, 0}, -2, 0.5), 1e-12);
        }

        @Test
        void distanceIsRelativeToTheFirstMap() {
            assertEquals(0, MapErrors.distance(new float[] {3, 4}, new float[] {3, 4}));
            assertEquals(0.6, MapErrors.distance(new float[] {3, 4}, new float[] {0, 4}), 1e-12);
            assertEquals(0.75, MapErrors.distance(new float[] {0, 4}, new float[] {3, 4}), 1e-12);
            assertEquals(0, MapErrors.distance(new float[2], new float[2]));
            assertEquals(1, MapErrors.distance(new float[2], new float[] {0, 7}));
        }
    }

    @Test
    void errorsOfMapsWithNaNAreRefused() {
        float[] broken = {1, Float.NaN};
        assertThrows(IllegalArgumentException.class, () -> MapErrors.completeness(broken, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> MapErrors.distance(broken, new float[2]));
        assertThrows(IllegalArgumentException.class, () -> MapErrors.distance(new float[2], broken));
    }

    @Nested
    class Boxes {
        /** Two rows of three pixels. */
        private final float[] map = {1, -5, 2, 3, 0, 4};

        @Test
        void countPositiveValuesInsideOnce() {
            BoxedObject column = new BoxedObject(0, 1, List.of(new BoxedObject.Box(0, 0, 2, 2)));
            assertEquals(0.4, column.share(map, 3), 1e-12);
            BoxedObject overlapping =
                    new BoxedObject(0, 1, List.of(new BoxedObject.Box(0, 0, 2, 1), new BoxedObject.Box(0, 0, 3, 1)));
            assertEquals(0.3, overlapping.share(map, 3), 1e-12);
        }

        @Test
        void aMapWithoutPositiveValuesScoresNothing() {
            BoxedObject all = new BoxedObject(0, 1, List.of(new BoxedObject.Box(0, 0, 3, 2)));
            assertEquals(0, all.share(new float[] {-1, 0, -2, 0, 0, 0}, 3));
        }

        @Test
        void refuseMapsWithNaNAndObjectsWithoutBoxes() {
            BoxedObject all = new BoxedObject(0, 1, List.of(new BoxedObject.Box(0, 0, 1, 1)));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> all.share(new float[] {Float.NaN}, 1))
                    .getMessage()
                    .contains("not a number"));
            assertThrows(IllegalArgumentException.class, () -> new BoxedObject(0, 1, List.of()));
        }
    }
}
