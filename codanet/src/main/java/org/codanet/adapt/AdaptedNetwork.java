package org.codanet.adapt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.model.Experiment;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;

/**
 * A network, a recipe and a preprocessing for one dataset: an experiment or a config, adapted to the number of classes and the image size
 * of the dataset.
 *
 * @param network the network; if the number of classes was adapted, its last layer has one unit for each class of the dataset
 * @param recipe how the network is trained
 * @param preprocessing the channels and extents that the network reads; with {@code resize}, images of any size are resized and cropped
 * @param changes one sentence for the user for each difference from the given experiment or config
 */
public record AdaptedNetwork(
        NetworkConfig network, TrainingRecipe recipe, Preprocessing preprocessing, List<String> changes) {
    /** Keeps a copy of the list. */
    public AdaptedNetwork {
        changes = List.copyOf(changes);
    }

    /**
     * Adapts an experiment: the last layer has as many units as the dataset has classes, and images of other sizes than the experiment's
     * are resized so that the shorter side fits, then cropped. If {@code adaptAugmentation} is true, the augmentation of the recipe is
     * adapted to the image size.
     *
     * @param recipe the recipe of the experiment, or another recipe
     * @param adaptAugmentation whether the crop of the recipe is adapted to the image size; false for a recipe that the user wrote
     * @param images the training images
     * @param size of the images that the network reads; if it is empty, the experiment's
     * @throws IOException if no image can be read
     */
    public static AdaptedNetwork of(
            Experiment experiment,
            TrainingRecipe recipe,
            boolean adaptAugmentation,
            ImageDataset images,
            Optional<ImageSize> size)
            throws IOException {
        List<String> changes = new ArrayList<>();
        NetworkConfig network = experiment.network();
        int classes = images.classNames().size();
        if (classes > 0 && classes != network.numClasses()) {
            changes.add(experiment.name() + ": the last layer has " + classes + " classes, as " + images.name()
                    + " has, instead of " + network.numClasses());
            network = network.withClasses(classes);
        }
        Preprocessing usual = experiment.preprocessing();
        ImageSize own = new ImageSize(usual.height(), usual.width());
        boolean keep = size.isEmpty()
                && (usual.resize() > 0
                        || SampledSizes.of(images).common().filter(own::equals).isPresent());
        if (keep) {
            return new AdaptedNetwork(network, recipe, usual, changes);
        }
        Preprocessing adapted = resizing(usual.channels(), size.orElse(own));
        changes.add(sentence(adapted));
        TrainingRecipe resized = adaptAugmentation
                ? recipe.toBuilder()
                        .augmentation(adapted(recipe.augmentation(), adapted))
                        .build()
                : recipe;
        return new AdaptedNetwork(network, resized, adapted, changes);
    }

    /**
     * Finds the image size for a config: {@code size}, or the size in the config file, or the size of the images if it is the same for all.
     *
     * @param images the training images
     * @param size of the images that the network reads; empty if it was not given
     * @throws FileFormatException if no size is given and the images differ in size, or if the number of classes differs
     * @throws IOException if no image can be read
     */
    public static AdaptedNetwork of(
            NetworkConfigFile config, TrainingRecipe recipe, ImageDataset images, Optional<ImageSize> size)
            throws IOException {
        NetworkConfig network = config.network();
        int classes = images.classNames().size();
        if (classes > 0 && classes != network.numClasses()) {
            throw new FileFormatException(
                    images.name(),
                    "has " + classes + " classes, but the network of the config has " + network.numClasses()
                            + "; 'codanet init-config' writes a config for these images");
        }
        Optional<ImageSize> given = size.or(config::size);
        if (given.isPresent()) {
            Preprocessing preprocessing = resizing(network.imageChannels(), given.get());
            return new AdaptedNetwork(network, recipe, preprocessing, List.of(sentence(preprocessing)));
        }
        SampledSizes sizes = SampledSizes.of(images);
        ImageSize common = sizes.common()
                .orElseThrow(() -> new FileFormatException(
                        images.name(),
                        "has images of several sizes, such as " + sizes.examples()
                                + "; --size 64 resizes and crops all of them to 64 x 64 pixels"));
        Preprocessing preprocessing = new Preprocessing(network.imageChannels(), common.height(), common.width(), 0);
        return new AdaptedNetwork(network, recipe, preprocessing, List.of());
    }

    /** The shorter side is resized to the longer side of the size, so that photos of both orientations cover it. */
    private static Preprocessing resizing(int channels, ImageSize size) {
        return new Preprocessing(channels, size.height(), size.width(), size.longerSide());
    }

    private static String sentence(Preprocessing preprocessing) {
        return "images: the shorter side is resized to " + preprocessing.resize() + " pixels, and the centre of "
                + new ImageSize(preprocessing.height(), preprocessing.width()) + " pixels is cropped";
    }

    /** Random crops are square, so for a size that is not square the centre is cropped. */
    private static AugmentationRecipe adapted(AugmentationRecipe recipe, Preprocessing preprocessing) {
        boolean square = preprocessing.height() == preprocessing.width();
        int crop = recipe.crop() > 0 && square ? preprocessing.height() : 0;
        // The ratio of resize to crop is that of the experiment.
        int resize = recipe.resize() > 0 && crop > 0
                ? (int) Math.ceil((double) recipe.resize() * crop / recipe.crop())
                : preprocessing.resize();
        return new AugmentationRecipe(
                recipe.flip(),
                resize,
                crop,
                Math.min(recipe.cropPadding(), Math.max(0, crop - 1)),
                recipe.randAugmentOperations(),
                recipe.randAugmentMagnitude());
    }
}
