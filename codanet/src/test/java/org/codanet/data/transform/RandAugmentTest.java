package org.codanet.data.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.AugmentationOperation.Kind;
import org.junit.jupiter.api.Test;

class RandAugmentTest {
    private static final int HEIGHT = 240;
    private static final int WIDTH = 160;

    /** A generator that returns the given draws: numbers below a bound, and signs. */
    private static RandomGenerator stated(Object... draws) {
        Deque<Object> left = new ArrayDeque<>(List.of(draws));
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new AssertionError("nothing but the stated kinds of draw is made");
            }

            @Override
            public int nextInt(int bound) {
                return (int) left.pop();
            }

            @Override
            public boolean nextBoolean() {
                return (boolean) left.pop();
            }
        };
    }

    private static AugmentationOperation strongest(Object... draws) {
        return new RandAugment(1, 30).draw(HEIGHT, WIDTH, stated(draws)).getFirst();
    }

    @Test
    void theFourteenOperationsHaveTorchvisionsRanges() {
        assertEquals(AugmentationOperation.identity(), strongest(0));
        assertEquals(AugmentationOperation.shear(0.3, 0), strongest(1, false));
        assertEquals(AugmentationOperation.shear(0, -0.3), strongest(2, true));
        assertEquals(AugmentationOperation.shift(72, 0), strongest(3, false)); // 72.5 of 160 columns
        assertEquals(AugmentationOperation.shift(0, -108), strongest(4, true)); // 108.8 of 240 rows
        assertEquals(AugmentationOperation.rotate(Math.PI / 6, HEIGHT, WIDTH), strongest(5, false));
        assertEquals(AugmentationOperation.brightness(1.9f), strongest(6, false));
        assertEquals(AugmentationOperation.colour((float) (1 - 0.9)), strongest(7, true));
        assertEquals(AugmentationOperation.contrast(1.9f), strongest(8, false));
        assertEquals(AugmentationOperation.sharpness(1.9f), strongest(9, false));
        assertEquals(AugmentationOperation.posterise(4), strongest(10));
        assertEquals(AugmentationOperation.solarise(0), strongest(11));
        assertEquals(AugmentationOperation.autocontrast(), strongest(12));
        assertEquals(AugmentationOperation.equalise(), strongest(13));
    }

    /** The recipe for ImageNet: two operations of magnitude 10. */
    @Test
    void aThirdOfTheMagnitudeIsAThirdOfTheStrength() {
        assertEquals(
                List.of(AugmentationOperation.shear(-0.3 * 10 / 30, 0), AugmentationOperation.posterise(7)),
                new RandAugment(2, 10).draw(HEIGHT, WIDTH, stated(1, true, 10)));
        assertEquals(
                List.of(AugmentationOperation.brightness(1.3f), AugmentationOperation.solarise((float) (2 / 3.0))),
                new RandAugment(2, 10).draw(HEIGHT, WIDTH, stated(6, false, 11)));
    }

    @Test
    void everyOperationIsDrawnAsOftenAsTheOthers() {
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        RandomGenerator random = new SeededRandom(1, 2, 3);
        for (int i = 0; i < 7_000; i++) {
            for (AugmentationOperation step : new RandAugment(2, 10).draw(HEIGHT, WIDTH, random)) {
                counts.merge(step.kind(), 1, Integer::sum);
            }
        }
        // The expected count is 1,000 for each operation, and 5,000 for the five operations that are affine maps. The
        // tolerance is
        // five standard deviations.
        counts.forEach((kind, count) ->
                assertEquals(kind == Kind.WARP ? 5_000 : 1_000, count, kind == Kind.WARP ? 285 : 155, kind.name()));
        assertEquals(Kind.values().length, counts.size());
    }

    @Test
    void drawsNothingWhereThereIsNothingToDo() {
        assertTrue(RandAugment.NONE.draw(HEIGHT, WIDTH, stated()).isEmpty());
        assertThrows(IllegalArgumentException.class, () -> new RandAugment(2, 31));
        assertThrows(IllegalArgumentException.class, () -> new RandAugment(-1, 3));
    }
}
