package org.codanet.train;

/**
 * What one epoch gave; a line of {@code metrics.csv}.
 *
 * @param epoch from 1
 * @param updates optimiser updates since the start of training
 * @param rate learning rate of the epoch's last update
 * @param trainLoss mean over the epoch's images, as they were seen
 * @param trainTop1 share of the epoch's images with the right class first, 0 to 1
 * @param testLoss mean over the test images after the epoch
 * @param testTop1 share of the test images with the right class first
 * @param testTop5 share of the test images with the right class among the first five
 * @param seconds the epoch took, evaluation included
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
