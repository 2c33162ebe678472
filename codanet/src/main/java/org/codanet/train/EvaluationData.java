package org.codanet.train;

import java.io.IOException;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.ImageLoader;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;

/**
 * Labelled images to evaluate a trained network on.
 *
 * @param images in memory unless they are resized and too large for it
 * @param preprocessing the images that the network reads
 * @param threads that decode images
 */
public record EvaluationData(ImageDataset images, Preprocessing preprocessing, int threads) {
    /**
     * Matches the classes with those of the network, checks the extents, then decodes the images.
     *
     * @param files the images as they are on disk
     * @param model the network; if its file has no preprocessing, all images must have the extents of the first image
     * @param threads that decode images
     * @throws IOException if the images do not fit the network, or cannot be read
     */
    public static EvaluationData of(ImageDataset files, ModelFile model, int threads) throws IOException {
        return of(files, model, threads, ImageLoader.Unreadable.STOP);
    }

    /** The same, with a choice of what happens to images that cannot be read. */
    public static EvaluationData of(ImageDataset files, ModelFile model, int threads, ImageLoader.Unreadable unreadable)
            throws IOException {
        Preprocessing images = model.preprocessing().isPresent()
                ? model.preprocessing().get()
                : DatasetFit.extentsOf(files, model.config().imageChannels());
        ImageDataset labelled = DatasetFit.withClassesOf(model.config(), files);
        DatasetFit.requireExtents(labelled, images, model.config(), AugmentationRecipe.NONE);
        return new EvaluationData(
                DatasetFit.prepared(labelled, images, images.resize(), threads, unreadable), images, threads);
    }

    /** Every image once, in the order of the dataset. @param batch images per batch */
    public BatchSource batches(int batch) {
        return DatasetSource.evaluation(images, preprocessing, batch, threads);
    }
}
