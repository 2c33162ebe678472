package org.codanet.cli.option;

import java.io.IOException;
import java.util.List;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.DatasetSource;
import org.codanet.train.Trainer;

/** Labelled images for training and evaluation. */
public final class DataOption {
    private DataOption() {}

    /**
     * Images as the network reads them, small sets in memory.
     *
     * @param images what the network reads: images are converted to its channels
     */
    public static ImageDataset prepared(ImageDataset files, Preprocessing images, int threads) throws IOException {
        ImageDataset data = Datasets.withChannels(files, images.channels());
        return images.resize() > 0 ? data : Datasets.inMemory(data, threads);
    }

    /**
     * Refuses images that a network cannot read, before all of them are and before an epoch has passed.
     *
     * @param variations of the images before the network reads them
     */
    public static void requireFitting(
            ImageDataset files, Preprocessing images, CodaNetConfig config, AugmentationRecipe variations)
            throws IOException {
        try {
            config.extents(images.height(), images.width());
            DatasetSource.requireTrainable(files, images, variations);
        } catch (IllegalArgumentException e) {
            // Files disagree, not the words of the command line.
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Refuses a recipe that would train nothing, before the images are read. */
    public static void requireTrainable(TrainingRecipe recipe, CodaNetConfig config, ImageDataset files)
            throws IOException {
        try {
            Trainer.requireTrainable(recipe, config, files.size());
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Refuses data without labels, or with another number of classes than the network has. */
    private static void requireClasses(ImageDataset data, CodaNetConfig config) throws FileFormatException {
        if (data.classNames().isEmpty()) {
            throw new FileFormatException(data.name(), "the images have no labels");
        }
        if (data.classNames().size() != config.numClasses()) {
            throw new FileFormatException(
                    data.name(),
                    String.format(
                            "has %d classes, the network tells %d apart",
                            data.classNames().size(), config.numClasses()));
        }
    }

    /** The network with the data's names of the classes. */
    public static CodaNetConfig labelled(CodaNetConfig config, ImageDataset data) throws FileFormatException {
        requireClasses(data, config);
        return config.withLabels(data.classNames());
    }

    /** Refuses labels that mean other classes than the network's, where both have names. */
    public static void requireSameLabels(ImageDataset data, CodaNetConfig config) throws FileFormatException {
        requireClasses(data, config);
        List<String> names = data.classNames();
        for (int k = 0; k < config.labels().size(); k++) {
            // Files that name no class have numbers for names.
            boolean numbered = names.get(k).equals(Integer.toString(k));
            if (!numbered && !sameName(names.get(k), config.label(k))) {
                throw new FileFormatException(
                        data.name(),
                        String.format(
                                "calls class %d '%s', the network calls it '%s': these are other classes, or in another order",
                                k, names.get(k), config.label(k)));
            }
        }
    }

    private static boolean sameName(String one, String other) {
        return one.replaceAll("[^\\p{L}\\p{N}]", "").equalsIgnoreCase(other.replaceAll("[^\\p{L}\\p{N}]", ""));
    }

    /** The images' own extents, for a network whose config does not say: those of the first image. */
    public static Preprocessing extentsOf(ImageDataset data, int channels) throws IOException {
        Pixels first = data.read(0);
        return new Preprocessing(channels, first.height(), first.width(), 0);
    }
}
