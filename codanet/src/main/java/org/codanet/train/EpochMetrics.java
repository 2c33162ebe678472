package org.codanet.train;

/**
 * The scores of one epoch: one line of {@code metrics.csv}.
 *
 * @param epoch from 1
 * @param updates optimiser updates since the start of training
 * @param rate learning rate of the epoch's last update
 * @param trainLoss mean over the epoch's images, each with the weights of its step
 * @param trainTop1 share of the epoch's images whose label had the highest logit, 0 to 1
 * @param testLoss mean over the test images after the epoch
 * @param testTop1 share of the test images whose label has the highest logit, 0 to 1
 * @param testTop5 share of the test images whose label has one of the five highest logits, 0 to 1
 * @param seconds duration of the epoch, evaluation included
 */
public record EpochMetrics(
        int epoch,
        long updates,
        double rate,
        double trainLoss,
        double trainTop1,
        double testLoss,
        double testTop1,
        double testTop5,
        double seconds) {}
