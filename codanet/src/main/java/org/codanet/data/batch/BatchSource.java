package org.codanet.data.batch;

import java.util.Iterator;
import java.util.List;

/** Labelled images in batches, for training and evaluation. Order and contents depend on the epoch only. */
public interface BatchSource {
    /**
     * Some images with their labels.
     *
     * @param images (N, C, H, W); their arrays are valid until the next batch is requested
     * @param labels one an image, from 0
     */
    record Batch(RawImages images, List<Integer> labels) {
        /** N. */
        public int count() {
            return images.count();
        }
    }

    /** Batches in order. The caller closes them, whether or not all were read. */
    interface Batches extends Iterator<Batch>, AutoCloseable {
        @Override
        void close();
    }

    /** Images of one epoch. */
    long images();

    /** Identifies the images. Checkpoints contain it, so that a run is not resumed with other images. */
    String description();

    /**
     * The batches of an epoch.
     *
     * @param epoch from 1
     * @param first number of batches to skip at the beginning
     */
    Batches batches(int epoch, int first);
}
