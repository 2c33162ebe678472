package org.codanet.service;

import org.codanet.explain.Explanation;

/**
 * Proof that one map is complete: {@code sum + bias = value}, up to rounding. A call whose maps do not add up fails, so every result holds.
 *
 * @param sum of the contributions of the map, in double precision
 * @param bias the constant of the logit; 0 where two classes are compared
 * @param value the explained logit, or the difference of two logits
 * @param error |sum + bias − value|
 * @param tolerance the largest error that rounding explains
 */
public record IdentityCertificate(double sum, double bias, double value, double error, double tolerance) {
    static IdentityCertificate of(Explanation explanation, int target) {
        return new IdentityCertificate(
                explanation.evidence(0, target),
                explanation.bias(),
                explanation.value(0, target),
                explanation.identityError(0, target),
                explanation.tolerance(0, target));
    }

    /** Whether the error is at most the tolerance; false if a value is NaN. */
    public boolean holds() {
        return error <= tolerance;
    }
}
