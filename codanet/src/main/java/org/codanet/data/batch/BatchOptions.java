package org.codanet.data.batch;

import java.util.Locale;
import java.util.Objects;
import org.codanet.data.transform.RandAugment;
import org.codanet.data.transform.Transform;

/**
 * How the images of a data set are read, transformed and grouped into batches.
 *
 * @param batchSize N, at least 1
 * @param shuffle whether the images are shuffled in each epoch; otherwise they have the order of the data set
 * @param dropPartial whether a last batch with fewer than N images is dropped
 * @param seed the seed of the order and the augmentation, which also depend on the epoch and the image
 * @param transform the transform that is applied to each image on the host
 * @param randAugment augmentation steps that are drawn for each image and applied on the device
 * @param threads the number of threads that read and transform images, at least 1; the result does not depend on it
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
     * @param seed the seed of the order and the augmentation
     * @param transform the transform that is applied to each image
     * @param threads the number of threads that read images
     */
    public static BatchOptions training(int batchSize, long seed, Transform transform, int threads) {
        return new BatchOptions(batchSize, true, false, seed, transform, RandAugment.NONE, threads);
    }

    /**
     * {@return batches of all images in the order of the data set}
     *
     * @param batchSize N
     * @param transform the transform that is applied to each image
     * @param threads the number of threads that read images
     */
    public static BatchOptions evaluation(int batchSize, Transform transform, int threads) {
        return new BatchOptions(batchSize, false, false, 0, transform, RandAugment.NONE, threads);
    }

    /** {@return the same options with augmentation steps that are drawn for each image} */
    public BatchOptions withRandAugment(RandAugment drawn) {
        return new BatchOptions(batchSize, shuffle, dropPartial, seed, transform, drawn, threads);
    }

    /**
     * {@return the number of batches in an epoch}
     *
     * @param images the number of images in the data set
     */
    public int batches(int images) {
        return images / batchSize + (dropPartial || images % batchSize == 0 ? 0 : 1);
    }
}
