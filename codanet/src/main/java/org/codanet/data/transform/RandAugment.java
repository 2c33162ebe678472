package org.codanet.data.transform;

import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.codanet.nn.op.AugmentationOperation;

/**
 * RandAugment (Cubuk, Zoph, Shlens and Le, 2020): applies operations that are drawn with replacement from fourteen, all with the same
 * magnitude. This class only draws them. The device applies them, see {@link org.codanet.nn.op.ImageAugmentation}.
 *
 * <p>The ranges are those of torchvision. At magnitude 30 they are: rotation by 30 degrees, shearing by 0.3, translation by 150 / 331
 * of the side, colours changed by a factor of 1 plus or minus 0.9, posterisation to 4 of 8 bits, and solarisation of every pixel.
 * Signs are drawn at random. Geometric operations use the nearest pixel, and pixels from outside the image are black.
 *
 * @param operations the number of operations for each image, not negative
 * @param magnitude the magnitude of each operation, 0 to 30
 */
public record RandAugment(int operations, int magnitude) {
    /** The largest magnitude. */
    public static final int STRONGEST = 30;

    /** Leaves images unchanged. */
    public static final RandAugment NONE = new RandAugment(0, 0);

    private static final List<Operation> ALL = List.of(
            (strength, height, width, random) -> AugmentationOperation.identity(),
            (strength, height, width, random) -> AugmentationOperation.shear(signed(0.3 * strength, random), 0),
            (strength, height, width, random) -> AugmentationOperation.shear(0, signed(0.3 * strength, random)),
            (strength, height, width, random) ->
                    AugmentationOperation.shift((int) signed(150.0 / 331 * width * strength, random), 0),
            (strength, height, width, random) ->
                    AugmentationOperation.shift(0, (int) signed(150.0 / 331 * height * strength, random)),
            (strength, height, width, random) ->
                    AugmentationOperation.rotate(Math.toRadians(signed(30 * strength, random)), height, width),
            (strength, height, width, random) -> AugmentationOperation.brightness(factor(strength, random)),
            (strength, height, width, random) -> AugmentationOperation.colour(factor(strength, random)),
            (strength, height, width, random) -> AugmentationOperation.contrast(factor(strength, random)),
            (strength, height, width, random) -> AugmentationOperation.sharpness(factor(strength, random)),
            (strength, height, width, random) -> AugmentationOperation.posterise(8 - (int) Math.round(4 * strength)),
            (strength, height, width, random) -> AugmentationOperation.solarise((float) (1 - strength)),
            (strength, height, width, random) -> AugmentationOperation.autocontrast(),
            (strength, height, width, random) -> AugmentationOperation.equalise());

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public RandAugment {
        if (operations < 0 || magnitude < 0 || magnitude > STRONGEST) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "RandAugment: %d operations of magnitude %d; it must be 0 to %d",
                    operations,
                    magnitude,
                    STRONGEST));
        }
    }

    /**
     * {@return the steps of one image, as many as there are operations}
     *
     * @param height the height of the image in pixels
     * @param width the width of the image in pixels
     * @param random the source of every random choice; the same numbers give the same steps
     */
    public List<AugmentationOperation> draw(int height, int width, RandomGenerator random) {
        AugmentationOperation[] steps = new AugmentationOperation[operations];
        for (int i = 0; i < operations; i++) {
            steps[i] = ALL.get(random.nextInt(ALL.size())).draw((double) magnitude / STRONGEST, height, width, random);
        }
        return List.of(steps);
    }

    private static double signed(double value, RandomGenerator random) {
        return random.nextBoolean() ? -value : value;
    }

    private static float factor(double strength, RandomGenerator random) {
        return (float) (1 + signed(0.9 * strength, random));
    }

    /** One of the fourteen operations, with a strength from 0 to 1. */
    private interface Operation {
        AugmentationOperation draw(double strength, int height, int width, RandomGenerator random);
    }
}
