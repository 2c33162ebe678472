package org.codanet.data.batch;

import java.util.Iterator;
import java.util.List;

/** What training and evaluation read: images with labels, in batches whose order and contents the epoch alone decides. */
public interface BatchSource {
    /**
     * Some images with their labels.
     *
     * @param images (N, C, H, W); their arrays hold still until the next batch is asked for
     * @param labels one an image, from 0
     */
    record Batch(RawImages images, List<Integer> labels) {
        /** N. */
        public int count() {
            return images.count();
        }
    }

    /** Batches in order; closed when they are no longer wanted, whether or not all were read. */
    interface Batches extends Iterator<Batch>, AutoCloseable {
        @Override
        void close();
    }

    /** Images of one epoch. */
    long images();

    /** What this is, in words that another set of images would not share; kept in checkpoints. */
    String description();

    /**
     * The batches of an epoch.
     *
     * @param epoch from 1
     * @param first how many batches to leave out at the beginning
     */
    Batches batches(int epoch, int first);
}
