package org.codanet.train;

import java.nio.file.Path;

/** Receives the progress of a training run, on the training thread, between steps. By default each method does nothing. */
public interface TrainingListener {
    /**
     * The progress of a run.
     *
     * @param epoch from 1
     * @param epochs number of epochs of the run
     * @param image number of images of this epoch so far
     * @param images number of images of an epoch
     * @param loss mean over the epoch so far
     * @param top1 share of the epoch's images so far whose label had the highest logit
     * @param rate learning rate
     */
    record Progress(int epoch, int epochs, long image, long images, double loss, double top1, double rate) {}

    /** Ignores everything. */
    TrainingListener NONE = new TrainingListener() {};

    /** The gradient of a micro-batch has been added, and the weights have been updated if that was due. */
    default void step(Progress progress) {}

    /** An epoch has ended and has been evaluated. @param best whether its top-1 is above that of all epochs before */
    default void epoch(EpochMetrics metrics, boolean best) {}

    /** A checkpoint has been written. */
    default void checkpoint(Path file) {}

    /** A message for the user. */
    default void message(String text) {}
}
