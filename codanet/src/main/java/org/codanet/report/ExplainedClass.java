package org.codanet.report;

import org.codanet.render.SignedMap;

/**
 * One class of one image with its contributions.
 *
 * @param score the class and its logit
 * @param map contribution of each pixel to that logit
 * @param bias the constant beside the contributions: {@code map.sum() + bias = logit}
 * @param tolerance the largest difference of the two sides that rounding explains
 */
public record ExplainedClass(ClassScore score, SignedMap map, double bias, double tolerance) {
    /** |Σ contributions + bias − logit|, as the numbers at hand have it. */
    public double identityError() {
        return Math.abs(map.sum() + bias - score.logit());
    }
}
