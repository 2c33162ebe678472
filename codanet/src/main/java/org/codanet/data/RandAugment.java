package org.codanet.data;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * RandAugment (Cubuk, Zoph, Shlens and Le, 2020): some of fourteen operations, drawn with repetition, all of one magnitude.
 *
 * <p>Ranges are those of torchvision: at magnitude 30, rotation by 30 degrees, shearing by 0.3, shifting by 150 / 331 of the
 * side, colours changed by a factor of 1 plus or minus 0.9, 4 bits kept of 8, everything solarised. Signs are drawn. Pixels
 * moved are the nearest ones; what comes in from outside is black.
 *
 * @param operations how many are applied to each image, not negative
 * @param magnitude of each, 0 to 30
 */
public record RandAugment(int operations, int magnitude) implements Transform {
    /** The largest magnitude. */
    public static final int STRONGEST = 30;

    private static final List<Operation> ALL = List.of(
            (image, strength, random) -> image,
            (image, strength, random) -> Warp.shear(image, signed(0.3 * strength, random), 0),
            (image, strength, random) -> Warp.shear(image, 0, signed(0.3 * strength, random)),
            (image, strength, random) ->
                    Warp.shift(image, (int) signed(150.0 / 331 * image.width() * strength, random), 0),
            (image, strength, random) ->
                    Warp.shift(image, 0, (int) signed(150.0 / 331 * image.height() * strength, random)),
            (image, strength, random) -> Warp.rotate(image, Math.toRadians(signed(30 * strength, random))),
            (image, strength, random) -> Tones.brightness(image, factor(strength, random)),
            (image, strength, random) -> Tones.colour(image, factor(strength, random)),
            (image, strength, random) -> Tones.contrast(image, factor(strength, random)),
            (image, strength, random) -> Tones.sharpness(image, factor(strength, random)),
            (image, strength, random) -> Tones.posterise(image, 8 - (int) Math.round(4 * strength)),
            (image, strength, random) -> Tones.solarise(image, (float) (1 - strength)),
            (image, strength, random) -> Tones.stretch(image),
            (image, strength, random) -> Tones.equalise(image));

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public RandAugment {
        if (operations < 0 || magnitude < 0 || magnitude > STRONGEST) {
            throw new IllegalArgumentException("RandAugment: %d operations of magnitude %d; it must be 0 to %d"
                    .formatted(operations, magnitude, STRONGEST));
        }
    }

    @Override
    public Pixels apply(Pixels image, RandomGenerator random) {
        Pixels result = image;
        for (int i = 0; i < operations; i++) {
            result = ALL.get(random.nextInt(ALL.size())).apply(result, (double) magnitude / STRONGEST, random);
        }
        return result;
    }

    private static double signed(double value, RandomGenerator random) {
        return random.nextBoolean() ? -value : value;
    }

    private static float factor(double strength, RandomGenerator random) {
        return (float) (1 + signed(0.9 * strength, random));
    }

    /** One of the fourteen, of a strength from 0 to 1. */
    private interface Operation {
        Pixels apply(Pixels image, double strength, RandomGenerator random);
    }
}
