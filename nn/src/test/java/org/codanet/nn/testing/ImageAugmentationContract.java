package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@link ImageAugmentation} promises, on every device.
 *
 * <p>The constants whose names begin with PIL are results of Pillow 13.0.0 for a grey image with 11 columns and 7 rows, whose byte at
 * (x, y) is 7 x + 31 y + 13 x y modulo 256. PIL truncates blends to bytes, so they may differ by 1.
 */
public abstract class ImageAugmentationContract extends OperationContract {
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

    /** An image (H, W, C) whose values are whole levels. */
    private static float[] image(int channels, int height, int width) {
        float[] values = new float[channels * height * width];
        for (int i = 0; i < values.length; i++) {
            int c = i % channels;
            int x = i / channels % width;
            int y = i / channels / width;
            values[i] = ((7 * x + 31 * y + 13 * x * y + 50 * c) % 256) / 255f;
        }
        return values;
    }

    private static float[] numbers(List<AugmentationOperation> steps) {
        float[] numbers = new float[steps.size() * AugmentationOperation.NUMBERS];
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).write(numbers, i * AugmentationOperation.NUMBERS);
        }
        return numbers;
    }

    /** The result of applying {@code steps} to one image without inverse channels. */
    private float[] changed(float[] image, int channels, int width, AugmentationOperation... steps) {
        int height = image.length / channels / width;
        try (Workplace place = place()) {
            Tensor x = place.variable(Shape.of(1, height, width, channels), image.clone());
            Tensor numbers =
                    place.input(Shape.of(1, steps.length, AugmentationOperation.NUMBERS), numbers(List.of(steps)));
            place.device().imageAugmentation(place.scope()).apply(numbers, false, x);
            return place.read(x);
        }
    }

    /** Fails if a value differs by more than {@code within} levels. */
    private static void assertLevels(int[] expected, float[] actual, double within) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], 255 * actual[i], within + 1e-3, "value " + i);
        }
    }

    private static long crc(float[] image) {
        CRC32 crc = new CRC32();
        for (float value : image) {
            crc.update(Math.round(255 * value));
        }
        return crc.getValue();
    }

    @Test
    void toneOperationsAgreeWithPil() {
        float[] image = image(1, 24, 32); // enough pixels for equalise to have several per level
        assertEquals(1474917054L, crc(changed(image, 1, 32, AugmentationOperation.equalise())));
        assertEquals(4250081871L, crc(changed(image, 1, 32, AugmentationOperation.posterise(5))));
        assertEquals(737362627L, crc(changed(image, 1, 32, AugmentationOperation.solarise(128 / 255f))));
        float[] small = image(1, 7, 11);
        assertLevels(PIL_SHARPNESS, changed(small, 1, 11, AugmentationOperation.sharpness(1.9f)), 1);
        assertLevels(PIL_CONTRAST, changed(small, 1, 11, AugmentationOperation.contrast(0.1f)), 1);
        for (int i = 0; i < small.length; i++) {
            small[i] = (Math.round(255 * small[i]) / 2 + 20) / 255f;
        }
        assertLevels(PIL_AUTOCONTRAST_OF_HALF, changed(small, 1, 11, AugmentationOperation.autocontrast()), 0);
    }

    @Test
    void warpsAgreeWithPil() {
        assertLevels(PIL_SHEARED, changed(image(1, 7, 11), 1, 11, AugmentationOperation.shear(0.3, 0)), 0);
        // PIL rotates counter-clockwise.
        AugmentationOperation turned = AugmentationOperation.rotate(Math.toRadians(-17), 7, 11);
        assertLevels(PIL_ROTATED, changed(image(1, 7, 11), 1, 11, turned), 0);
    }

    @Test
    void shearsAndShiftsMoveRowsAndColumns() {
        float[] row = {0.1f, 0.2f, 0.3f};
        assertArrayEquals(new float[] {0.2f, 0.3f, 0}, changed(row, 1, 3, AugmentationOperation.shift(1, 0)));
        assertArrayEquals(new float[] {0, 0.1f, 0.2f}, changed(row, 1, 3, AugmentationOperation.shift(-1, 0)));
        assertArrayEquals(new float[3], changed(row, 1, 3, AugmentationOperation.shift(-3, 0)));
        assertArrayEquals(new float[] {0.2f, 0.3f, 0}, changed(row, 1, 1, AugmentationOperation.shift(0, 1)));
        // The second column comes from one row below, the third from two rows below.
        assertArrayEquals(
                new float[] {1, 5, 9, 4, 8, 0, 7, 0, 0},
                changed(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 3, AugmentationOperation.shear(0, 0.75)));
        float[] corners = {1, 2, 3, 4};
        assertArrayEquals(
                new float[] {3, 1, 4, 2}, changed(corners, 1, 2, AugmentationOperation.rotate(Math.PI / 2, 2, 2)));
        assertArrayEquals(corners, changed(corners, 1, 2, AugmentationOperation.identity()));
    }

    @Test
    void colourChangesTheChannelsOfAPixelTogether() {
        float[] red = {1, 0, 0, 0.5f, 0.25f, 0.75f};
        float grey = 0.299f * 0.5f + 0.587f * 0.25f + 0.114f * 0.75f;
        assertArrayEquals(
                new float[] {0.299f, 0.299f, 0.299f, grey, grey, grey},
                changed(red, 3, 2, AugmentationOperation.colour(0)),
                1e-6f);
        assertArrayEquals(red, changed(red, 3, 2, AugmentationOperation.colour(1)), 1e-6f);
        assertArrayEquals(
                new float[] {1, 0, 0, 2 * 0.5f - grey, 2 * 0.25f - grey, 1},
                changed(red, 3, 2, AugmentationOperation.colour(2)),
                1e-6f);
        assertArrayEquals(
                new float[] {0.5f, 0, 0, 0.25f, 0.125f, 0.375f},
                changed(red, 3, 2, AugmentationOperation.brightness(0.5f)));
        assertArrayEquals(new float[] {1, 0, 0, 1, 0.5f, 1}, changed(red, 3, 2, AugmentationOperation.brightness(2)));
        // Greys of 76.245 and 97.34625 levels are rounded to 76 and 97, and their mean of 86.5 to 87.
        float[] flat = new float[6];
        Arrays.fill(flat, 87 / 255f);
        assertArrayEquals(flat, changed(red, 3, 2, AugmentationOperation.contrast(0)));
        float[] image = image(1, 3, 3);
        assertArrayEquals(image, changed(image, 1, 3, AugmentationOperation.colour(0)));
    }

    @Test
    void sharpnessAveragesNineValuesAndKeepsTheBorder() {
        float[] image = new float[25];
        image[12] = 1;
        float[] expected = new float[25];
        for (int i : new int[] {6, 7, 8, 11, 13, 16, 17, 18}) {
            expected[i] = 1 / 13f;
        }
        expected[12] = 5 / 13f;
        assertArrayEquals(expected, changed(image, 1, 5, AugmentationOperation.sharpness(0)), 1e-6f);
        image[12] = 0;
        image[0] = 1;
        expected = image.clone();
        expected[6] = 1 / 13f;
        assertArrayEquals(expected, changed(image, 1, 5, AugmentationOperation.sharpness(0)), 1e-6f);
    }

    /** All 256 levels, and values between them that round up and down. */
    @Test
    void levelsAreRoundedToTheNearestInteger() {
        float[] values = new float[3 * 256];
        float[] whole = new float[values.length];
        float[] four = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            int level = i / 3;
            values[i] = Math.clamp((level + (i % 3 - 1) * 0.49f) / 255f, 0, 1);
            whole[i] = level / 255f;
            four[i] = (level & 0xf0) / 255f;
        }
        assertArrayEquals(whole, changed(values, 1, 256, AugmentationOperation.posterise(8)));
        assertArrayEquals(four, changed(values, 1, 256, AugmentationOperation.posterise(4)));
        // Every level occurs equally often, so there is nothing to stretch or to equalise.
        assertArrayEquals(whole, changed(values, 1, 256, AugmentationOperation.autocontrast()));
        assertArrayEquals(whole, changed(whole, 1, 256, AugmentationOperation.autocontrast()));
    }

    @Test
    void channelsAreStretchedAndEqualisedSeparately() {
        // Red has the levels 10, 20 and 110, green only 7, blue 0 and 255.
        float[] image = {10, 7, 0, 20, 7, 255, 110, 7, 255};
        float[] expected = {0, 7, 0, 25, 7, 255, 255, 7, 255};
        assertArrayEquals(shares(expected), changed(shares(image), 3, 3, AugmentationOperation.autocontrast()));
        // 510 values are below the highest level, so q is 2. Level 1 becomes (1 + 100) / 2 = 50, level 2 (1 + 510) / 2,
        // clamped to 255.
        float[] many = new float[3 * 600];
        float[] spread = new float[many.length];
        for (int i = 0; i < 600; i++) {
            int level = i < 100 ? 0 : i < 510 ? 1 : 2;
            many[3 * i] = level;
            spread[3 * i] = new int[] {0, 50, 255}[level];
            many[3 * i + 1] = 9; // a single level: unchanged
            spread[3 * i + 1] = 9;
            many[3 * i + 2] = i < 254 ? 3 : 4; // too few values below the highest level: unchanged
            spread[3 * i + 2] = many[3 * i + 2];
        }
        assertArrayEquals(shares(spread), changed(shares(many), 3, 20, AugmentationOperation.equalise()));
    }

    private static float[] shares(float[] levels) {
        float[] values = new float[levels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = levels[i] / 255;
        }
        return values;
    }

    @Test
    void solariseInvertsAtAndAboveTheThreshold() {
        float[] values = {0, 0.25f, 0.5f, 0.75f, 1};
        assertArrayEquals(
                new float[] {0, 0.25f, 0.5f, 0.25f, 0}, changed(values, 1, 5, AugmentationOperation.solarise(0.5f)));
        assertArrayEquals(
                new float[] {1, 0.75f, 0.5f, 0.25f, 0}, changed(values, 1, 5, AugmentationOperation.solarise(0)));
    }

    static Stream<Shape> shapes() {
        return Stream.of(
                Shape.of(28, 1, 1, 1), // smallest
                Shape.of(28, 1, 5, 1), // no pixel has all neighbours
                Shape.of(28, 13, 7, 3), // odd extents, colours
                Shape.of(14, 37, 41, 1), // more positions than a block has threads, and not a multiple
                Shape.of(14, 33, 67, 3));
    }

    /** All fourteen transformations equally often, with random strengths. */
    private static List<AugmentationOperation> steps(int count, int height, int width) {
        SplittableRandom random = new SplittableRandom(count + height);
        List<AugmentationOperation> steps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double signed = 2 * random.nextDouble() - 1;
            float factor = (float) (1 + 0.9 * signed);
            steps.add(
                    switch (i * 5 % 14) {
                        case 0 -> AugmentationOperation.identity();
                        case 1 -> AugmentationOperation.shear(0.3 * signed, 0);
                        case 2 -> AugmentationOperation.shear(0, 0.3 * signed);
                        case 3 -> AugmentationOperation.shift((int) (width * signed), 0);
                        case 4 -> AugmentationOperation.shift(0, (int) (height * signed));
                        case 5 -> AugmentationOperation.rotate(signed, height, width);
                        case 6 -> AugmentationOperation.brightness(factor);
                        case 7 -> AugmentationOperation.colour(factor);
                        case 8 -> AugmentationOperation.contrast(factor);
                        case 9 -> AugmentationOperation.sharpness(factor);
                        case 10 -> AugmentationOperation.posterise(1 + random.nextInt(8));
                        case 11 -> AugmentationOperation.solarise((float) Math.abs(signed));
                        case 12 -> AugmentationOperation.autocontrast();
                        default -> AugmentationOperation.equalise();
                    });
        }
        return steps;
    }

    private static float[] noise(Shape shape) {
        float[] values = Values.uniform(9, shape, 0.4);
        for (int i = 0; i < values.length; i++) {
            values[i] += 0.5f;
        }
        return values;
    }

    /** Runs the operation on images with inverse channels, which are not written yet, or without inverse channels. */
    private static float[] run(Workplace place, Shape shape, float[] images, float[] steps, boolean inverse) {
        int channels = shape.extent(3);
        int depth = inverse ? 2 * channels : channels;
        float[] values = new float[images.length / channels * depth];
        Arrays.fill(values, Float.NaN);
        for (int i = 0; i < images.length; i++) {
            values[i / channels * depth + i % channels] = images[i];
        }
        int count = steps.length / AugmentationOperation.NUMBERS / shape.extent(0);
        Tensor x = place.variable(Shape.of(shape.extent(0), shape.extent(1), shape.extent(2), depth), values);
        Tensor numbers = place.input(Shape.of(shape.extent(0), count, AugmentationOperation.NUMBERS), steps);
        place.device().imageAugmentation(place.scope()).apply(numbers, inverse, x);
        return place.read(x);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void theBitsEqualThoseOfTheReference(Shape shape) {
        float[] images = noise(shape);
        for (int count = 1; count <= 3; count++) {
            float[] steps = numbers(steps(count * shape.extent(0), shape.extent(1), shape.extent(2)));
            for (boolean inverse : new boolean[] {false, true}) {
                try (Workplace place = place();
                        Workplace reference = reference()) {
                    assertArrayEquals(
                            run(reference, shape, images, steps, inverse), run(place, shape, images, steps, inverse));
                }
            }
        }
    }

    @Test
    void inverseChannelsAreComputedFromTheChangedValues() {
        Shape shape = Shape.of(28, 6, 5, 3);
        float[] images = noise(shape);
        float[] steps = numbers(steps(2 * 28, 6, 5));
        try (Workplace place = place()) {
            float[] alone = run(place, shape, images, steps, false);
            float[] both = run(place, shape, images, steps, true);
            for (int i = 0; i < both.length; i++) {
                float value = alone[i / 6 * 3 + i % 3];
                assertEquals(i % 6 < 3 ? value : 1 - value, both[i], "value " + i);
                assertTrue(both[i] >= 0 && both[i] <= 1, "value " + i);
            }
        }
    }

    @Test
    void eachImageHasItsOwnSequenceOfOperations() {
        Shape shape = Shape.of(14, 9, 8, 3);
        float[] images = noise(shape);
        List<AugmentationOperation> steps = steps(3 * 14, 9, 8);
        float[] all;
        try (Workplace place = place()) {
            all = run(place, shape, images, numbers(steps), false);
        }
        int size = 9 * 8 * 3;
        for (int n = 0; n < 14; n++) {
            float[] expected = Arrays.copyOfRange(images, n * size, (n + 1) * size);
            for (AugmentationOperation step : steps.subList(3 * n, 3 * n + 3)) {
                expected = changed(expected, 3, 8, step);
            }
            assertArrayEquals(expected, Arrays.copyOfRange(all, n * size, (n + 1) * size), "image " + n);
        }
    }

    @Test
    void anUnknownCodeChangesNothing() {
        Shape shape = Shape.of(3, 2, 2, 1);
        float[] steps = new float[3 * AugmentationOperation.NUMBERS];
        steps[0] = -1;
        steps[AugmentationOperation.NUMBERS] = AugmentationOperation.Kind.values().length;
        steps[2 * AugmentationOperation.NUMBERS] = 1e9f;
        try (Workplace place = place()) {
            assertArrayEquals(noise(shape), run(place, shape, noise(shape), steps, false));
        }
    }

    @Test
    void wrongShapesAreRefused() {
        try (Workplace place = place()) {
            ImageAugmentation operation = place.device().imageAugmentation(place.scope());
            Tensor steps = place.input(Shape.of(2, 3, 7), new float[42]);
            Tensor x = place.variable(Shape.of(2, 4, 5, 6), new float[240]);
            operation.apply(steps, true, x);
            refused(operation, steps, false, x);
            refused(operation, steps, true, x.reshape(Shape.of(2, 20, 6)));
            refused(operation, steps, true, x.reshape(Shape.of(2, 4, 10, 3)));
            refused(operation, steps, true, x.reshape(Shape.of(2, 4, 15, 2)).slice(0, 1));
            refused(operation, steps, true, x.reshape(Shape.of(2, 5, 6, 4)));
            refused(operation, steps.reshape(Shape.of(2, 21)), true, x);
            refused(operation, steps.reshape(Shape.of(3, 2, 7)), true, x);
            refused(operation, steps.reshape(Shape.of(2, 7, 3)), true, x);
        }
    }

    private static void refused(ImageAugmentation operation, Tensor steps, boolean inverse, Tensor x) {
        assertThrows(IllegalArgumentException.class, () -> operation.apply(steps, inverse, x));
    }
}
