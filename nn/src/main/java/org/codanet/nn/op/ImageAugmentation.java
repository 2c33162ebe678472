package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/**
 * Random variation of training images on the device: of each image its own steps, one after the other. The fourteen operations
 * of RandAugment (Cubuk, Zoph, Shlens and Le, 2020) are ten kinds of step, because shearing and shifting along either axis and
 * turning are all affine maps.
 *
 * <p>All arithmetic is float32, each product, sum and difference rounded on its own and in the order written here, so that every device
 * gives the same bits. v is a value in [0, 1], r, g and b the three colours of its pixel, and {@code level(v)} is the whole
 * number ⌊255 v + ½⌋, held within 0 and 255.
 *
 * <table>
 * <caption>What a step makes of v; conventions of PIL's {@code ImageOps} and {@code ImageEnhance}</caption>
 * <tr><th>kind</th><th>numbers</th><th>result</th></tr>
 * <tr><td>identity</td><td></td><td>v</td></tr>
 * <tr><td>warp</td><td>a, b, c, d, e, f</td><td>with x = column + ½, y = row + ½, u = (a x + b y) + c and w = (d x + e y) + f: the value in
 *     column ⌊u⌋ and row ⌊w⌋ where 0 ≤ u &lt; W and 0 ≤ w &lt; H, else 0</td></tr>
 * <tr><td>brightness</td><td>factor</td><td>{@code blend(0)}</td></tr>
 * <tr><td>colour</td><td>factor</td><td>{@code blend(grey)}, grey = min(1, (0.299 r + 0.587 g) + 0.114 b); v where C is 1</td></tr>
 * <tr><td>contrast</td><td>factor</td><td>{@code blend(m / 255)}, m the mean over the image of {@code level(grey)}, rounded to the
 *     nearest whole number, half up; of {@code level(v)} where C is 1</td></tr>
 * <tr><td>sharpness</td><td>factor</td><td>{@code blend(s / 13)} inside, v in the outermost rows and columns; s = 4 v plus the sum of each of
 *     the three rows of the 3 × 3 values around, from left to right and from above; 1 / 13 is a float that is multiplied by</td></tr>
 * <tr><td>posterise</td><td>bits, 1 to 8</td><td>n / 255, n being {@code level(v)} with the lower 8 − bits bits cleared</td></tr>
 * <tr><td>solarise</td><td>threshold</td><td>1 − v where v ≥ threshold, else v</td></tr>
 * <tr><td>autocontrast</td><td></td><td>n / 255, n = ⌊255 (level(v) − lowest) / (highest − lowest)⌋ by the lowest and highest level of the
 *     channel; n = level(v) where these are equal</td></tr>
 * <tr><td>equalise</td><td></td><td>n / 255, n = min(255, ⌊(⌊q / 2⌋ + darker) / q⌋), {@code darker} being the number of the channel's
 *     values of lower levels and q the 255th part, rounded down, of how many values are below the highest level that occurs;
 *     n = level(v) where q is 0</td></tr>
 * </table>
 *
 * <p>{@code blend(t)} is t + factor (v − t), held within 0 and 1: factor 1 changes nothing, 0 gives t.
 */
public interface ImageAugmentation {
    /**
     * Changes {@code x} (N, H, W, C), C being 1 or 3 and values in [0, 1]; with {@code inverse}, {@code x} is (N, H, W, 2C), the first C
     * channels are changed, and one minus each is then written to the others.
     *
     * @param steps (N, S, 7), as {@link AugmentationOperation#write} lays them out; a code that is none leaves the image as it is
     * @throws IllegalArgumentException if a shape is another
     */
    void apply(Tensor steps, boolean inverse, Tensor x);
}
