package org.codanet.report;

/**
 * One epoch of a training curve.
 *
 * @param epoch number of the epoch, from 1
 * @param trainingLoss mean loss of the epoch's training images
 * @param heldOutLoss mean loss of the held-out images after the epoch; NaN if it was not measured
 * @param trainingAccuracy share of the training images that were classified correctly, in [0, 1]; NaN if it was not measured
 * @param heldOutAccuracy share of the held-out images that were classified correctly, in [0, 1]; NaN if it was not measured
 */
public record CurvePoint(
        int epoch, double trainingLoss, double heldOutLoss, double trainingAccuracy, double heldOutAccuracy) {}
