package org.codanet.data.batch;

import java.util.Locale;
import java.util.Objects;
import org.codanet.data.transform.RandAugment;
import org.codanet.data.transform.Transform;

/**
 * How images become batches.
 *
 * @param batchSize N, at least 1
 * @param shuffle whether each epoch has an order of its own; otherwise images come as the set has them
 * @param dropPartial whether a last batch of fewer images is left out
 * @param seed what decides order and variations, with the epoch and the image
 * @param transform what is done to each image before it goes to the device
 * @param randAugment what is drawn for each image then, for the device to do
 * @param threads how many read and change images at once, at least 1; they change no bit of the result
 */
public record BatchOptions(
        int batchSize,
        boolean shuffle,
        boolean dropPartial,
        long seed,
        Transform transform,
        RandAugment randAugment,
        int threads) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public BatchOptions {
        if (batchSize < 1 || threads < 1) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "batches: %d images a batch read by %d threads, both must be at least 1",
                    batchSize,
                    threads));
        }
        Objects.requireNonNull(transform, "transform");
        Objects.requireNonNull(randAugment, "randAugment");
    }

    /**
     * {@return shuffled batches of all images}
     *
     * @param batchSize N
     * @param seed what decides order and variations
     * @param transform what is done to each image
     * @param threads how many read at once
     */
    public static BatchOptions training(int batchSize, long seed, Transform transform, int threads) {
        return new BatchOptions(batchSize, true, false, seed, transform, RandAugment.NONE, threads);
    }

    /**
     * {@return batches of all images in their own order}
     *
     * @param batchSize N
     * @param transform what is done to each image
     * @param threads how many read at once
     */
    public static BatchOptions evaluation(int batchSize, Transform transform, int threads) {
        return new BatchOptions(batchSize, false, false, 0, transform, RandAugment.NONE, threads);
    }

    /** {@return the same with steps drawn for each image} */
    public BatchOptions withRandAugment(RandAugment drawn) {
        return new BatchOptions(batchSize, shuffle, dropPartial, seed, transform, drawn, threads);
    }

    /**
     * {@return the number of batches in an epoch}
     *
     * @param images how many the set has
     */
    public int batches(int images) {
        return images / batchSize + (dropPartial || images % batchSize == 0 ? 0 : 1);
    }
}
