package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/**
 * Data augmentation on the device. A sequence of operations is applied to each training image. The fourteen transformations of
 * RandAugment (Cubuk, Zoph, Shlens and Le, 2020) need ten kinds of operation, because shear and translation along either axis and
 * rotation are all affine maps.
 *
 * <p>All arithmetic is float32. Each product, sum and difference is rounded separately, in the order written here, so that every
 * device gives the same bits. v is a value in [0, 1]; r, g and b are the three colours of its pixel; {@code level(v)} is the integer
 * ⌊255 v + ½⌋, clamped to 0..255.
 *
 * <table>
 * <caption>Result of each kind for a value v, with the conventions of PIL's {@code ImageOps} and {@code ImageEnhance}</caption>
 * <tr><th>kind</th><th>numbers</th><th>result</th></tr>
 * <tr><td>identity</td><td></td><td>v</td></tr>
 * <tr><td>warp</td><td>a, b, c, d, e, f</td><td>with x = column + ½, y = row + ½, u = (a x + b y) + c and w = (d x + e y) + f: the value in
 *     column ⌊u⌋ and row ⌊w⌋ where 0 ≤ u &lt; W and 0 ≤ w &lt; H, else 0</td></tr>
 * <tr><td>brightness</td><td>factor</td><td>{@code blend(0)}</td></tr>
 * <tr><td>colour</td><td>factor</td><td>{@code blend(grey)}, grey = min(1, (0.299 r + 0.587 g) + 0.114 b); v where C is 1</td></tr>
 * <tr><td>contrast</td><td>factor</td><td>{@code blend(m / 255)}, m the mean over the image of {@code level(grey)}, rounded to the
 *     nearest integer, half up; of {@code level(v)} where C is 1</td></tr>
 * <tr><td>sharpness</td><td>factor</td><td>{@code blend(s / 13)} inside, v in the outermost rows and columns; s = 4 v plus the sums of the
 *     three rows of the 3 × 3 neighbourhood, each from left to right, from the top row down; 1 / 13 is a float factor</td></tr>
 * <tr><td>posterise</td><td>bits, 1 to 8</td><td>n / 255, n is {@code level(v)} with the lower 8 − bits bits cleared</td></tr>
 * <tr><td>solarise</td><td>threshold</td><td>1 − v where v ≥ threshold, else v</td></tr>
 * <tr><td>autocontrast</td><td></td><td>n / 255, n = ⌊255 (level(v) − lowest) / (highest − lowest)⌋ with the lowest and highest level of
 *     the channel; n = level(v) where these are equal</td></tr>
 * <tr><td>equalise</td><td></td><td>n / 255, n = min(255, ⌊(⌊q / 2⌋ + darker) / q⌋), {@code darker} is the number of the channel's
 *     values with a lower level; q = ⌊m / 255⌋, where m is the number of values below the highest level that occurs; n = level(v)
 *     where q is 0</td></tr>
 * </table>
 *
 * <p>{@code blend(t)} is t + factor (v − t), clamped to [0, 1]. A factor of 1 changes nothing; a factor of 0 gives t.
 */
public interface ImageAugmentation {
    /**
     * Changes {@code x} (N, H, W, C) in place; C is 1 or 3 and values are in [0, 1]. With {@code inverse}, {@code x} is (N, H, W, 2C):
     * the operations change the first C channels, and one minus each of these is then written to the others.
     *
     * @param operations (N, S, 7), as {@link AugmentationOperation#write} lays them out; an unknown code changes nothing
     * @throws IllegalArgumentException naming the first shape that does not fit
     */
    void apply(Tensor operations, boolean inverse, Tensor x);
}
