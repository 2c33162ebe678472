package org.codanet.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/**
 * The values beginning with PIL are those of Pillow 13.0.0 on the grey image whose byte at (x, y) is 7 x + 31 y + 13 x y,
 * modulo 256, with 11 columns and 7 rows. PIL rounds to bytes after each pass, so resizing may differ by 1, and tones, which it
 * cuts off to bytes, by 1 too.
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

    private static final int[] PIL_AUTOCONTRAST_OF_HALF = {
        0, 6, 14, 20, 28, 34, 42, 48, 57, 63, 71, 30, 51, 71, 91, 112, 132, 153, 173, 193, 214, 234, 63, 95, 130, 163,
        197, 230, 4, 36, 71, 104, 138, 93, 140, 187, 234, 20, 67, 114, 161, 208, 255, 40, 126, 185, 246, 44, 106, 165,
        226, 24, 85, 144, 206, 157, 230, 42, 116, 189, 2, 75, 148, 222, 34, 108, 189, 14, 102, 187, 14, 99, 187, 12, 99,
        185, 12
    };

    private static final int[] PIL_SHARPNESS = {
        0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 31, 51, 71, 91, 111, 149, 186, 224, 244, 255, 231, 62, 95, 128, 179,
        229, 255, 0, 0, 16, 67, 136, 93, 139, 203, 255, 0, 31, 113, 194, 255, 255, 41, 124, 201, 255, 0, 104, 198, 255,
        0, 48, 143, 202, 155, 255, 0, 115, 240, 0, 57, 165, 255, 0, 107, 186, 15, 100, 185, 14, 99, 184, 13, 98, 183, 12
    };

    private static final int[] PIL_CONTRAST = {
        99, 99, 100, 101, 101, 102, 103, 103, 104, 105, 106, 102, 104, 106, 108, 110, 112, 114, 116, 118,
        120, 122, 105, 108, 111, 115, 118, 121, 99, 102, 106, 109, 112, 108, 112, 117, 122, 101, 105, 110,
        114, 119, 124, 103, 111, 117, 123, 103, 109, 115, 121, 101, 107, 113, 119, 114, 121, 103, 110, 117,
        99, 106, 113, 120, 102, 109, 117, 100, 109, 117, 100, 108, 117, 100, 108, 117, 100
    };

    private static final int[] PIL_SHEARED = {
        0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 31, 51, 71, 91, 111, 131, 151, 171, 191, 211, 231, 95, 128, 161, 194,
        227, 4, 37, 70, 103, 136, 0, 139, 185, 231, 21, 67, 113, 159, 205, 251, 41, 0, 183, 242, 45, 104, 163, 222, 25,
        84, 143, 202, 0, 43, 115, 187, 3, 75, 147, 219, 35, 107, 0, 0, 100, 185, 14, 99, 184, 13, 98, 183, 12, 0, 0
    };

    private static final int[] PIL_ROTATED = {
        0, 0, 0, 28, 35, 42, 49, 191, 211, 231, 0, 7, 14, 21, 111, 131, 151, 171, 37, 70, 103, 41, 51, 51, 71, 91, 194,
        227, 4, 159, 205, 251, 202, 62, 95, 128, 161, 21, 67, 113, 25, 84, 143, 202, 62, 139, 185, 231, 104, 163, 222,
        147, 219, 35, 35, 93, 183, 242, 45, 115, 187, 3, 75, 13, 98, 183, 0, 155, 227, 43, 185, 14, 99, 184, 0, 0, 0
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

    /** At most {@code within} levels away, and on average (where PIL rounds down) less than that. */
    private static void assertLevels(int[] expected, Pixels actual, double within) {
        assertEquals(expected.length, actual.values().length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], 255 * actual.values()[i], within + 1e-3, "value " + i);
        }
    }

    private static long crc(Pixels image) {
        CRC32 crc = new CRC32();
        for (float value : image.values()) {
            crc.update(Math.round(255 * value));
        }
        return crc.getValue();
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

    @Test
    void tonesAgreeWithPil() {
        Pixels image = image(1, 24, 32); // enough pixels for equalise to have more than one a level
        assertEquals(1474917054L, crc(Tones.equalise(image)));
        assertEquals(4250081871L, crc(Tones.posterise(image, 5)));
        assertEquals(737362627L, crc(Tones.solarise(image, 128 / 255f)));
        assertLevels(PIL_SHARPNESS, Tones.sharpness(image(1, 7, 11), 1.9f), 1);
        assertLevels(PIL_CONTRAST, Tones.contrast(image(1, 7, 11), 0.1f), 1);
        float[] half = image(1, 7, 11).values();
        for (int i = 0; i < half.length; i++) {
            half[i] = (Math.round(255 * half[i]) / 2 + 20) / 255f;
        }
        assertLevels(PIL_AUTOCONTRAST_OF_HALF, Tones.stretch(new Pixels(1, 7, 11, half)), 1);
    }

    @Test
    void colourMovesTowardsGreyAndLeavesGreyAlone() {
        Pixels red = new Pixels(3, 1, 1, new float[] {1, 0, 0});
        assertArrayEquals(
                new float[] {0.299f, 0.299f, 0.299f}, Tones.colour(red, 0).values(), 1e-6f);
        assertArrayEquals(red.values(), Tones.colour(red, 1).values(), 1e-6f);
        Pixels grey = image(1, 3, 3);
        assertSame(grey, Tones.colour(grey, 0));
        assertArrayEquals(new float[] {0.5f, 0, 0}, Tones.brightness(red, 0.5f).values());
    }

    @Test
    void warpsAgreeWithPil() {
        assertLevels(PIL_SHEARED, Warp.shear(image(1, 7, 11), 0.3, 0), 0);
        // PIL turns against the clock.
        assertLevels(PIL_ROTATED, Warp.rotate(image(1, 7, 11), Math.toRadians(-17)), 0);
        Pixels image = new Pixels(1, 1, 3, new float[] {0.1f, 0.2f, 0.3f});
        assertArrayEquals(new float[] {0.2f, 0.3f, 0}, Warp.shift(image, 1, 0).values());
        assertArrayEquals(new float[] {0, 0, 0}, Warp.shift(image, -3, 0).values());
    }

    @Test
    void randAugmentKeepsExtentsAndRangeAndDependsOnItsNumbersAlone() {
        Pixels image = image(3, 20, 16);
        Set<Pixels> seen = new HashSet<>();
        for (int i = 0; i < 300; i++) {
            Pixels result = new RandAugment(2, 10).apply(image, random(i));
            assertEquals(result, new RandAugment(2, 10).apply(image, random(i)));
            assertEquals(List.of(3, 20, 16), List.of(result.channels(), result.height(), result.width()));
            for (float value : result.values()) {
                assertTrue(value >= 0 && value <= 1, "value " + value);
            }
            seen.add(result);
        }
        assertTrue(seen.size() > 50, seen.size() + " different images");
        assertEquals(image, image(3, 20, 16)); // what is given stays as it is
        assertEquals(image, new RandAugment(0, 10).apply(image, random(0)));
        assertNotEquals(new RandAugment(1, 0).apply(image, random(3)), new RandAugment(1, 30).apply(image, random(3)));
        assertThrows(IllegalArgumentException.class, () -> new RandAugment(2, 31));
    }
}
