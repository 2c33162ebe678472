package org.codanet.recipe;

import java.util.Locale;
import org.codanet.data.transform.RandAugment;

/**
 * How training images are augmented. The steps are, in this order: resize, crop, flip, RandAugment. Resizing is done on the host, and so
 * are crops and flips of resized images. Everything else is done on the device.
 *
 * @param flip whether each image is mirrored left to right with probability one half
 * @param resize length of the shorter side in pixels after resizing; 0 leaves images as they are
 * @param crop extent in pixels of the square that is cropped at a random position; 0 for no crop
 * @param cropPadding zero pixels added on every side before the crop, fewer than {@code crop}
 * @param randAugmentOperations operations that RandAugment (Cubuk et al., 2020) applies to each image; 0 for none
 * @param randAugmentMagnitude their strength, 0..30
 */
public record AugmentationRecipe(
        boolean flip, int resize, int crop, int cropPadding, int randAugmentOperations, int randAugmentMagnitude) {
    /** No augmentation. */
    public static final AugmentationRecipe NONE = new AugmentationRecipe(false, 0, 0, 0, 0, 0);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is negative or too large
     */
    public AugmentationRecipe {
        if (resize < 0 || crop < 0 || cropPadding < 0 || randAugmentOperations < 0 || randAugmentMagnitude < 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "augmentation: resize %d, crop %d, crop_padding %d and RandAugment %d x %d must not be negative",
                    resize,
                    crop,
                    cropPadding,
                    randAugmentOperations,
                    randAugmentMagnitude));
        }
        if (randAugmentMagnitude > RandAugment.STRONGEST) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "augmentation: rand_augment_magnitude is %d, it must be 0 to %d",
                    randAugmentMagnitude,
                    RandAugment.STRONGEST));
        }
        if (crop > 0 && cropPadding >= crop) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "augmentation: crop_padding is %d, with which a crop of %d could be all black",
                    cropPadding,
                    crop));
        }
    }
}
