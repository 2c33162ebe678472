package org.codanet.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import org.codanet.data.batch.BatchOptions;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.transform.CentreCrop;
import org.codanet.data.transform.RandAugment;
import org.codanet.data.transform.RandomCrop;
import org.codanet.data.transform.RandomFlip;
import org.codanet.data.transform.Resize;
import org.codanet.data.transform.Transform;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;

/**
 * Batches of a set of images, prepared for a network and read ahead on separate threads.
 *
 * <p>A file that cannot be read ends the iteration with an {@link UncheckedIOException}; its cause is one sentence that begins
 * with the file's name.
 */
public final class DatasetSource implements BatchSource {
    private final ImageDataset data;
    private final BatchOptions options;
    private final Preprocessing preprocessing;

    private DatasetSource(ImageDataset data, BatchOptions options, Preprocessing preprocessing) {
        if (data.classNames().isEmpty()) {
            throw new IllegalArgumentException(data.name() + ": its images have no labels to learn from or test on");
        }
        this.data = Datasets.withChannels(data, preprocessing.channels());
        this.options = options;
        this.preprocessing = preprocessing;
    }

    /**
     * Shuffled and augmented batches of the recipe's micro-batch size.
     *
     * @param data labelled images
     * @param preprocessing what the network reads
     * @param recipe of the training
     * @param seed of the run
     * @param threads number of reading threads; the batches do not depend on it
     * @throws IllegalArgumentException if the images have no labels, or as {@link #requireTrainable} does
     */
    public static DatasetSource training(
            ImageDataset data, Preprocessing preprocessing, TrainingRecipe recipe, long seed, int threads) {
        AugmentationRecipe augmentation = recipe.augmentation();
        requireTrainable(data, preprocessing, augmentation);
        BatchOptions options = BatchOptions.training(
                        recipe.microBatch(), seed, transform(augmentation, preprocessing), threads)
                .withRandAugment(randAugment(augmentation));
        return new DatasetSource(data, options, preprocessing);
    }

    /**
     * Batches in the set's own order, every image once.
     *
     * @param data labelled images
     * @param preprocessing what the network reads
     * @param batchSize images per batch
     * @param threads number of reading threads
     * @throws IllegalArgumentException if the images have no labels, or as {@link #requireTestable} does
     */
    public static DatasetSource evaluation(ImageDataset data, Preprocessing preprocessing, int batchSize, int threads) {
        requireTestable(data, preprocessing);
        return new DatasetSource(
                data, BatchOptions.evaluation(batchSize, transform(preprocessing), threads), preprocessing);
    }

    /**
     * Refuses an augmentation whose output does not have the extents that the network reads. The extents of the images are checked only if
     * they are known before the first image is read. They are not known for files of several sizes.
     *
     * @param data training images
     * @param preprocessing what the network reads
     * @param recipe how the images are augmented
     * @throws IllegalArgumentException with a message that says in one sentence what does not fit
     */
    public static void requireTrainable(ImageDataset data, Preprocessing preprocessing, AugmentationRecipe recipe) {
        int crop = recipe.crop();
        int resize = recipe.resize();
        if (crop == 0 && resize == 0) {
            requireTestable(data, preprocessing);
            return;
        }
        if (crop > 0 && (crop != preprocessing.height() || crop != preprocessing.width())) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "augmentation: crop is %d, the network reads %d x %d pixels",
                    crop,
                    preprocessing.width(),
                    preprocessing.height()));
        }
        // A resized image has at least this many rows and columns.
        int height = resize > 0 ? resize : data.height();
        int width = resize > 0 ? resize : data.width();
        int padding = crop > 0 ? recipe.cropPadding() : 0;
        int wanted = crop > 0 ? crop : Math.min(preprocessing.height(), preprocessing.width());
        if (height > 0 && wanted > Math.min(height, width) + 2 * padding) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "augmentation: %d x %d pixels cannot be cut out of %s%s",
                    preprocessing.width(),
                    preprocessing.height(),
                    resize > 0
                            ? "images whose shorter side is resized to " + resize
                            : data.name() + ", whose images are " + width + " x " + height,
                    crop > 0 ? " with crop_padding " + padding : ""));
        }
    }

    /**
     * Refuses images of other extents than the network reads, if the extents are known before the first image is read.
     *
     * @param data images
     * @param preprocessing what the network reads
     * @throws IllegalArgumentException naming both
     */
    public static void requireTestable(ImageDataset data, Preprocessing preprocessing) {
        if (preprocessing.resize() == 0 && data.height() > 0) {
            requireExtents(data, data.height(), data.width(), preprocessing);
        }
    }

    private static void requireExtents(ImageDataset data, int height, int width, Preprocessing preprocessing) {
        if (height != preprocessing.height() || width != preprocessing.width()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s: images are %d x %d pixels, the network reads %d x %d; resize the images",
                    data.name(),
                    width,
                    height,
                    preprocessing.width(),
                    preprocessing.height()));
        }
    }

    /**
     * The preprocessing of images before evaluation: the shorter side is resized and the centre is cropped, if the preprocessing resizes at
     * all.
     *
     * @param preprocessing of the network
     */
    public static Transform transform(Preprocessing preprocessing) {
        return preprocessing.resize() == 0
                ? Transform.NONE
                : Transform.sequence(List.of(
                        new Resize(preprocessing.resize()),
                        new CentreCrop(preprocessing.height(), preprocessing.width())));
    }

    private static RandAugment randAugment(AugmentationRecipe recipe) {
        return recipe.randAugmentOperations() == 0
                ? RandAugment.NONE
                : new RandAugment(recipe.randAugmentOperations(), recipe.randAugmentMagnitude());
    }

    /** The length to which {@link #training} resizes the shorter side of an image before it does anything else; 0 if it crops first. */
    static int firstResize(AugmentationRecipe recipe, Preprocessing preprocessing) {
        return recipe.resize() > 0 || recipe.crop() > 0 ? recipe.resize() : preprocessing.resize();
    }

    /** All steps except RandAugment, which the device applies. */
    private static Transform transform(AugmentationRecipe recipe, Preprocessing preprocessing) {
        List<Transform> steps = new ArrayList<>();
        if (recipe.resize() > 0) {
            steps.add(new Resize(recipe.resize()));
        }
        if (recipe.crop() > 0) {
            steps.add(new RandomCrop(recipe.crop(), recipe.crop(), recipe.cropPadding()));
        } else if (recipe.resize() > 0) {
            steps.add(new CentreCrop(preprocessing.height(), preprocessing.width()));
        } else {
            steps.add(transform(preprocessing));
        }
        if (recipe.flip()) {
            steps.add(new RandomFlip());
        }
        return Transform.sequence(steps);
    }

    @Override
    public long images() {
        return data.size();
    }

    @Override
    public String description() {
        // The location of the files does not matter, and pixels would take long to read. Order and labels distinguish
        // most datasets.
        CRC32 sum = new CRC32();
        data.classNames().forEach(name -> sum.update((name + "\n").getBytes(StandardCharsets.UTF_8)));
        for (int i = 0; i < data.size(); i++) {
            sum.update(data.label(i));
            sum.update(data.label(i) >>> 8);
        }
        return String.format(
                Locale.ROOT,
                "%s, %d images in %d classes (labels %08x)",
                data.name(),
                data.size(),
                data.classNames().size(),
                sum.getValue());
    }

    @Override
    public Batches batches(int epoch, int first) {
        try {
            return new ReadAhead(org.codanet.data.batch.Batches.open(data, options, epoch, first));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class ReadAhead implements Batches {
        private final org.codanet.data.batch.Batches batches;

        ReadAhead(org.codanet.data.batch.Batches batches) {
            this.batches = batches;
            try {
                requireExtents(data, batches.height(), batches.width(), preprocessing);
            } catch (IllegalArgumentException e) {
                batches.close();
                throw e;
            }
        }

        @Override
        public boolean hasNext() {
            return batches.hasNext();
        }

        @Override
        public Batch next() {
            try {
                org.codanet.data.batch.Batch batch = batches.next();
                return new Batch(
                        batch.images(), Arrays.stream(batch.labels()).boxed().toList());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            batches.close();
        }
    }
}
