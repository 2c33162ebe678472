package org.codanet.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;
import org.junit.jupiter.api.Test;

/**
 * The constants whose names begin with PIL are the results of Pillow 13.0.0 on a grey image of 11 columns and 7 rows. Its byte at (x,
 * y) is 7 x + 31 y + 13 x y, modulo 256. PIL rounds to bytes after each pass, so resizing may differ by 1.
 */
class TransformTest {
    private static final int[] PIL_3_X_4 = {47, 90, 100, 132, 135, 131, 116, 145, 136, 108, 109, 111};

    private static final int[] PIL_10_X_15 = {
        0, 4, 9, 14, 20, 25, 30, 35, 40, 45, 50, 56, 61, 66, 70, 17, 25, 36, 46, 57, 67, 77, 88, 98, 108, 119, 130, 140,
        150, 159, 39, 53, 70, 87, 104, 121, 138, 155, 125, 125, 142, 160, 176, 193, 207, 60, 80, 104, 127, 151, 175,
        199, 222, 67, 26, 51, 74, 98, 121, 141, 82, 107, 137, 168, 198, 140, 92, 123, 88, 94, 125, 155, 186, 149, 74,
        104, 134, 171, 202, 174, 104, 63, 101, 138, 133, 122, 159, 196, 167, 97, 126, 161, 201, 220, 85, 80, 121, 155,
        199, 129, 43, 87, 122, 162, 197, 147, 188, 175, 93, 97, 134, 134, 43, 94, 114, 130, 181, 103, 90, 131, 169, 146,
        111, 74, 131, 126, 93, 46, 103, 107, 102, 159, 123, 87, 64, 186, 83, 43, 106, 168, 94, 37, 99, 161, 104, 30, 92,
        155, 115, 12
    };

    private static Pixels image(int channels, int height, int width) {
        float[] values = new float[channels * height * width];
        for (int i = 0; i < values.length; i++) {
            int x = i % width;
            int y = i / width % height;
            int c = i / width / height;
            values[i] = ((7 * x + 31 * y + 13 * x * y + 50 * c) % 256) / 255f;
        }
        return new Pixels(channels, height, width, values);
    }

    private static RandomGenerator random(int stream) {
        return new SeededRandom(1, 1, stream);
    }

    /** Asserts that each value differs from the expected one by at most {@code within} levels of 255. */
    private static void assertLevels(int[] expected, Pixels actual, double within) {
        assertEquals(expected.length, actual.values().length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], 255 * actual.values()[i], within + 1e-3, "value " + i);
        }
    }

    @Test
    void resizingAgreesWithPil() {
        Pixels small = new Resize(3).apply(image(1, 7, 11), random(0));
        assertEquals(List.of(3, 4), List.of(small.height(), small.width()));
        assertLevels(PIL_3_X_4, small, 1);
        Pixels large = new Resize(10).apply(image(1, 7, 11), random(0));
        assertEquals(List.of(10, 15), List.of(large.height(), large.width()));
        assertLevels(PIL_10_X_15, large, 1);
    }

    @Test
    void resizingKeepsChannelsApartAndTurnsWithTheImage() {
        Pixels colours = new Resize(5).apply(image(3, 11, 7), random(0));
        assertEquals(List.of(3, 7, 5), List.of(colours.channels(), colours.height(), colours.width()));
        Pixels first = new Resize(5).apply(image(1, 11, 7), random(0));
        assertArrayEquals(first.values(), Arrays.copyOf(colours.values(), 35));
        Pixels same = image(3, 7, 11);
        assertSame(same, new Resize(7).apply(same, random(0)));
    }

    @Test
    void centreCropTakesTheMiddle() {
        Pixels image = image(2, 4, 6);
        Pixels middle = new CentreCrop(2, 2).apply(image, random(0));
        assertArrayEquals(
                new float[] {
                    image.values()[8], image.values()[9], image.values()[14], image.values()[15],
                    image.values()[32], image.values()[33], image.values()[38], image.values()[39]
                },
                middle.values());
        // Margins of 1 and 3 rows: torchvision's round(0.5) is 0 and round(1.5) is 2.
        assertEquals(
                image(1, 3, 1).values()[0],
                new CentreCrop(2, 1).apply(image(1, 3, 1), random(0)).values()[0]);
        assertEquals(
                image(1, 5, 1).values()[2],
                new CentreCrop(2, 1).apply(image(1, 5, 1), random(0)).values()[0]);
        assertThrows(IllegalArgumentException.class, () -> new CentreCrop(5, 2).apply(image, random(0)));
    }

    @Test
    void randomCropReachesEveryPlaceAndPadsWithBlack() {
        Pixels image = new Pixels(1, 2, 2, new float[] {0.1f, 0.2f, 0.3f, 0.4f});
        Set<Pixels> seen = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            seen.add(new RandomCrop(2, 2, 1).apply(image, random(i)));
        }
        assertEquals(9, seen.size());
        assertTrue(seen.contains(image));
        assertTrue(seen.contains(new Pixels(1, 2, 2, new float[] {0, 0, 0, 0.1f})));
        assertTrue(seen.contains(new Pixels(1, 2, 2, new float[] {0.4f, 0, 0, 0})));
        assertThrows(IllegalArgumentException.class, () -> new RandomCrop(5, 2, 1).apply(image, random(0)));
    }

    @Test
    void flipMirrorsHalfOfTheImages() {
        Pixels image = new Pixels(1, 2, 3, new float[] {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f});
        Pixels mirrored = new Pixels(1, 2, 3, new float[] {0.2f, 0.1f, 0, 0.5f, 0.4f, 0.3f});
        int flips = 0;
        for (int i = 0; i < 1_000; i++) {
            Pixels result = new RandomFlip().apply(image, random(i));
            assertTrue(result.equals(image) || result.equals(mirrored));
            flips += result.equals(mirrored) ? 1 : 0;
        }
        assertEquals(500, flips, 80); // five standard deviations
    }
}
