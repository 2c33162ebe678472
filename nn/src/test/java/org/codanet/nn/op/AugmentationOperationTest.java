package org.codanet.nn.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AugmentationOperationTest {
    @Test
    void readReturnsWhatWriteWrote() {
        List<AugmentationOperation> steps = List.of(
                AugmentationOperation.identity(),
                AugmentationOperation.warp(1, 2, 3, 4, 5, 6),
                AugmentationOperation.brightness(0.1f),
                AugmentationOperation.colour(0.2f),
                AugmentationOperation.contrast(0.3f),
                AugmentationOperation.sharpness(1.9f),
                AugmentationOperation.posterise(4),
                AugmentationOperation.solarise(0.5f),
                AugmentationOperation.autocontrast(),
                AugmentationOperation.equalise());
        float[] numbers = new float[steps.size() * AugmentationOperation.NUMBERS + 2];
        Arrays.fill(numbers, -7);
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).write(numbers, 1 + i * AugmentationOperation.NUMBERS);
        }
        for (int i = 0; i < steps.size(); i++) {
            assertEquals(steps.get(i), AugmentationOperation.read(numbers, 1 + i * AugmentationOperation.NUMBERS));
            assertEquals(i, steps.get(i).kind().ordinal());
        }
        assertEquals(-7, numbers[0]);
        assertEquals(-7, numbers[numbers.length - 1]);
        assertArrayEquals(new float[] {1, 1, 2, 3, 4, 5, 6}, Arrays.copyOfRange(numbers, 8, 15));
    }

    @Test
    void numbersOutOfRangeAreRefusedWithAMessage() {
        assertEquals(
                "image augmentation: POSTERISE by 9.0, must be 1 to 8 bits",
                assertThrows(IllegalArgumentException.class, () -> AugmentationOperation.posterise(9))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> AugmentationOperation.posterise(0));
        assertEquals(
                "image augmentation: BRIGHTNESS by -0.5, must be 0 or more",
                assertThrows(IllegalArgumentException.class, () -> AugmentationOperation.brightness(-0.5f))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> AugmentationOperation.solarise(Float.NaN));
        assertThrows(
                IllegalArgumentException.class,
                () -> AugmentationOperation.warp(1, 0, 0, 0, 1, Double.POSITIVE_INFINITY));
    }

    @Test
    void unknownCodesAreRefusedWithAMessage() {
        for (float code : new float[] {-1, 0.5f, 10, Float.NaN}) {
            float[] numbers = {code, 0, 0, 0, 0, 0, 0};
            assertEquals(
                    "image augmentation: there is no operation with the code " + code + "; codes are 0 to 9",
                    assertThrows(IllegalArgumentException.class, () -> AugmentationOperation.read(numbers, 0))
                            .getMessage());
        }
    }
}
