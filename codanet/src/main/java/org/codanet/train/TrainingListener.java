package org.codanet.train;

import java.nio.file.Path;

/** Hears what training does; called on the training thread, between steps. Every method may be left as it is. */
public interface TrainingListener {
    /**
     * How far a run is.
     *
     * @param epoch from 1
     * @param epochs in all
     * @param image images of this epoch seen so far
     * @param images of an epoch
     * @param loss mean over the epoch so far
     * @param top1 share of the epoch's images so far with the right class first
     * @param rate learning rate
     */
    record Progress(int epoch, int epochs, long image, long images, double loss, double top1, double rate) {}

    /** Hears nothing. */
    TrainingListener NONE = new TrainingListener() {};

    /** A micro-batch was worked on. */
    default void step(Progress progress) {}

    /** An epoch ended and was evaluated; {@code best} if none before was better. */
    default void epoch(EpochMetrics metrics, boolean best) {}

    /** A checkpoint was written. */
    default void checkpoint(Path file) {}

    /** Something worth a line. */
    default void message(String text) {}
}
