package org.codanet.report;

/**
 * One epoch of a training curve.
 *
 * @param epoch from 1
 * @param trainingLoss mean over the epoch
 * @param heldOutLoss on images that were not trained on; NaN if not measured
 * @param trainingAccuracy share in [0, 1]; NaN if not measured
 * @param heldOutAccuracy share in [0, 1]; NaN if not measured
 */
public record CurvePoint(
        int epoch, double trainingLoss, double heldOutLoss, double trainingAccuracy, double heldOutAccuracy) {}
