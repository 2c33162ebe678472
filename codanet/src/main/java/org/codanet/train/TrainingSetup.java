package org.codanet.train;

import java.io.IOException;
import java.util.Optional;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.ImageLoader;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;

/**
 * The network, the recipe and the images of a training run. They are checked for agreement before a device is opened. {@link
 * TrainingSession} runs it.
 *
 * @param network with the class names of the data
 * @param recipe how the network is trained
 * @param preprocessing the images that the network reads, as it is written to the model files
 * @param training images, in memory unless they are resized and too large for it
 * @param test images for the evaluation after each epoch, likewise
 * @param threads that decode images
 */
public record TrainingSetup(
        NetworkConfig network,
        TrainingRecipe recipe,
        Preprocessing preprocessing,
        ImageDataset training,
        ImageDataset test,
        int threads) {

    /**
     * Training and test images as they are on disk.
     *
     * @param name name of the data in messages, such as the folder
     * @param unreadable what happens to images that cannot be read
     */
    public record Data(String name, ImageDataset training, ImageDataset test, ImageLoader.Unreadable unreadable) {}

    /** The same network and images with another recipe, whose augmentation is the same. */
    public TrainingSetup withRecipe(TrainingRecipe other) {
        return new TrainingSetup(network, other, preprocessing, training, test, threads);
    }

    /**
     * Checks that network, recipe and data agree, then decodes the images.
     *
     * @param preprocessing of the network; if it is empty, the network reads images of the extents of the first training image
     * @param threads that decode images
     * @throws IOException if the data do not fit the network or the recipe, or cannot be read
     */
    public static TrainingSetup of(
            NetworkConfig network, TrainingRecipe recipe, Optional<Preprocessing> preprocessing, Data data, int threads)
            throws IOException {
        ImageDataset training = data.training();
        Preprocessing images = preprocessing.isPresent()
                ? preprocessing.get()
                : DatasetFit.extentsOf(training, network.imageChannels());
        NetworkConfig labelled = DatasetFit.withClassNames(network, training);
        ImageDataset test = DatasetFit.withClassesOf(training, data.test());
        DatasetFit.requireExtents(training, images, network, recipe.augmentation());
        DatasetFit.requireExtents(test, images, network, AugmentationRecipe.NONE);
        DatasetFit.requireTrainable(recipe, labelled, training);
        int resize = DatasetSource.firstResize(recipe.augmentation(), images);
        return new TrainingSetup(
                labelled,
                recipe,
                images,
                DatasetFit.prepared(training, images, resize, threads, data.unreadable()),
                DatasetFit.prepared(test, images, images.resize(), threads, data.unreadable()),
                threads);
    }
}
