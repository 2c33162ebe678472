package org.codanet.train;

import java.io.IOException;
import java.util.Locale;
import org.codanet.data.dataset.ClassMatch;
import org.codanet.data.dataset.ClassNaming;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.ImageLoader;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;

/**
 * Checks that a labelled dataset fits a network, and prepares it for the network. All checks run before the images are decoded, and
 * fail with a message that names the dataset and what it disagrees with.
 */
final class DatasetFit {
    private DatasetFit() {}

    /**
     * The dataset with the channels that the network reads, without the images that cannot be read. It is decoded into memory, unless its
     * images are resized and take more than a quarter of the heap.
     *
     * @param shorter length to which the shorter side of an image is resized first; 0 if the images are cropped before
     */
    static ImageDataset prepared(
            ImageDataset files,
            Preprocessing preprocessing,
            int shorter,
            int threads,
            ImageLoader.Unreadable unreadable)
            throws IOException {
        ImageDataset data = Datasets.withChannels(files, preprocessing.channels());
        return preprocessing.resize() > 0
                ? ImageLoader.resized(
                        data, shorter, threads, Runtime.getRuntime().maxMemory() / 4, unreadable)
                : ImageLoader.inBytes(data, threads, unreadable);
    }

    /**
     * Refuses images that the network cannot read.
     *
     * @param augmentation applied to the images before the network reads them
     */
    static void requireExtents(
            ImageDataset files, Preprocessing preprocessing, NetworkConfig config, AugmentationRecipe augmentation)
            throws IOException {
        try {
            config.requireExtents(preprocessing.height(), preprocessing.width());
            DatasetSource.requireTrainable(files, preprocessing, augmentation);
        } catch (IllegalArgumentException e) {
            // The files contradict each other, so this is not an error of the caller.
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Refuses a recipe with which no optimiser step would be taken, see {@link Trainer#requireTrainable}. */
    static void requireTrainable(TrainingRecipe recipe, NetworkConfig config, ImageDataset files) throws IOException {
        try {
            Trainer.requireTrainable(recipe, config, files.size());
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** The test images with the labels of the training images. Refuses test images of a class that is not in training. */
    static ImageDataset withClassesOf(ImageDataset training, ImageDataset test) throws FileFormatException {
        return ClassMatch.match(test, training.classNames(), "the training images");
    }

    /** The config with the class names of the dataset. @throws FileFormatException as {@link #requireClassCount} does */
    static NetworkConfig withClassNames(NetworkConfig config, ImageDataset data) throws FileFormatException {
        requireClassCount(data, config);
        return config.withLabels(data.classNames());
    }

    /** Refuses a dataset without labels, or with another number of classes than the network has. */
    private static void requireClassCount(ImageDataset data, NetworkConfig config) throws FileFormatException {
        if (data.classNames().isEmpty()) {
            throw new FileFormatException(data.name(), "the images have no labels");
        }
        if (data.classNames().size() != config.numClasses()) {
            throw new FileFormatException(
                    data.name(),
                    String.format(
                            Locale.ROOT,
                            "has %d classes, but the network has %d",
                            data.classNames().size(),
                            config.numClasses()));
        }
    }

    /** The images with labels that are indices of the network's classes, see {@link ClassMatch}. */
    static ImageDataset withClassesOf(NetworkConfig config, ImageDataset data) throws FileFormatException {
        if (!config.labels().isEmpty()) {
            return ClassMatch.match(data, config.labels(), "the network");
        }
        if (data.naming() != ClassNaming.NUMBERS || data.classNames().size() > config.numClasses()) {
            requireClassCount(data, config);
        }
        return data;
    }

    /** The preprocessing for a network that was published without one: the extents of the first image that can be read, no resizing. */
    static Preprocessing extentsOf(ImageDataset data, int channels) throws IOException {
        IOException unreadable = null;
        for (int i = 0; i < data.size(); i++) {
            try {
                ImageSize first = data.extents(i);
                return new Preprocessing(channels, first.height(), first.width(), 0);
            } catch (IOException e) {
                unreadable = unreadable == null ? e : unreadable;
            }
        }
        throw unreadable;
    }
}
