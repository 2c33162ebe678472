package org.codanet.train;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;

/**
 * Checks that a labelled dataset fits a network, and prepares it for the network. All checks run before the images are decoded, and
 * fail with a message that names the dataset and what it disagrees with.
 */
final class DatasetFit {
    private DatasetFit() {}

    /** The dataset with the channels that the network reads. A dataset that needs no resizing is decoded into memory. */
    static ImageDataset prepared(ImageDataset files, Preprocessing preprocessing, int threads) throws IOException {
        ImageDataset data = Datasets.withChannels(files, preprocessing.channels());
        return preprocessing.resize() > 0 ? data : Datasets.inMemory(data, threads);
    }

    /**
     * Refuses images that the network cannot read.
     *
     * @param augmentation applied to the images before the network reads them
     */
    static void requireExtents(
            ImageDataset files, Preprocessing preprocessing, CodaNetConfig config, AugmentationRecipe augmentation)
            throws IOException {
        try {
            config.extents(preprocessing.height(), preprocessing.width());
            DatasetSource.requireTrainable(files, preprocessing, augmentation);
        } catch (IllegalArgumentException e) {
            // The files disagree with each other, so no argument of a caller is at fault.
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Refuses a recipe with which no optimiser step would be taken, see {@link Trainer#requireTrainable}. */
    static void requireTrainable(TrainingRecipe recipe, CodaNetConfig config, ImageDataset files) throws IOException {
        try {
            Trainer.requireTrainable(recipe, config, files.size());
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Refuses training and test images with different lists of classes. */
    static void requireSameClasses(String name, ImageDataset training, ImageDataset test) throws FileFormatException {
        List<String> first = training.classNames();
        List<String> second = test.classNames();
        int k = 0;
        while (k < Math.min(first.size(), second.size()) && first.get(k).equals(second.get(k))) {
            k++;
        }
        if (k < Math.max(first.size(), second.size())) {
            throw new FileFormatException(
                    name,
                    "the classes of the training and test images differ: class " + k + " is " + nameOf(k, first)
                            + " in training and " + nameOf(k, second) + " in test");
        }
    }

    private static String nameOf(int k, List<String> names) {
        return k < names.size() ? names.get(k) : "missing";
    }

    /** The config with the class names of the dataset. @throws FileFormatException as {@link #requireClassCount} does */
    static CodaNetConfig withClassNames(CodaNetConfig config, ImageDataset data) throws FileFormatException {
        requireClassCount(data, config);
        return config.withLabels(data.classNames());
    }

    /** Refuses a dataset without labels, or with another number of classes than the network has. */
    private static void requireClassCount(ImageDataset data, CodaNetConfig config) throws FileFormatException {
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

    /** Refuses labels that stand for other classes than the network's, where both have class names. */
    static void requireSameLabels(ImageDataset data, CodaNetConfig config) throws FileFormatException {
        requireClassCount(data, config);
        List<String> names = data.classNames();
        for (int k = 0; k < config.labels().size(); k++) {
            // Datasets without class names number their classes.
            boolean numbered = names.get(k).equals(Integer.toString(k));
            if (!numbered && !isSameName(names.get(k), config.label(k))) {
                throw new FileFormatException(
                        data.name(),
                        String.format(
                                Locale.ROOT,
                                "class %d is '%s' in the data and '%s' in the network: the classes differ, or stand in another order",
                                k,
                                names.get(k),
                                config.label(k)));
            }
        }
    }

    private static boolean isSameName(String one, String other) {
        return one.replaceAll("[^\\p{L}\\p{N}]", "").equalsIgnoreCase(other.replaceAll("[^\\p{L}\\p{N}]", ""));
    }

    /** The preprocessing for a network that was published without one: the extents of the first image, no resizing. */
    static Preprocessing extentsOf(ImageDataset data, int channels) throws IOException {
        Pixels first = data.read(0);
        return new Preprocessing(channels, first.height(), first.width(), 0);
    }
}
