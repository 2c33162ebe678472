package org.codanet.data.batch;

import java.util.Iterator;
import java.util.List;

/** Provides labelled images in batches, for training and evaluation. Order and contents depend on the epoch only. */
public interface BatchSource {
    /**
     * A batch of images with their labels.
     *
     * @param images (N, C, H, W); their arrays are valid until the next batch is requested
     * @param labels the label of each image, from 0
     */
    record Batch(RawImages images, List<Integer> labels) {
        /** N. */
        public int count() {
            return images.count();
        }
    }

    /** The batches in order. The caller must close this iterator, whether or not all batches were read. */
    interface Batches extends Iterator<Batch>, AutoCloseable {
        @Override
        void close();
    }

    /** The number of images in one epoch. */
    long images();

    /** Identifies the images. Checkpoints contain it, so that a run is not resumed with other images. */
    String description();

    /**
     * The batches of an epoch.
     *
     * @param epoch from 1
     * @param first the number of batches to skip at the beginning
     */
    Batches batches(int epoch, int first);
}
