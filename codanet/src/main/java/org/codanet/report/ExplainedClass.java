package org.codanet.report;

import java.util.Optional;
import org.codanet.explain.ClassScore;
import org.codanet.render.SignedMap;

/**
 * The contributions of an image's pixels to the logit of one class, or to the difference between the logits of two classes.
 *
 * @param score the class and its logit, or the class and the difference of the logits
 * @param against name of the other class; empty if one class is explained
 * @param map contribution of each pixel to the logit or the difference
 * @param bias the constant in {@code map.sum() + bias = logit}
 * @param tolerance the largest difference between the two sides that rounding can cause
 */
public record ExplainedClass(ClassScore score, Optional<String> against, SignedMap map, double bias, double tolerance) {
    /** The name of the class, or of both classes, such as {@code cat against dog}. */
    public String name() {
        return score.label() + against.map(other -> " against " + other).orElse("");
    }

    /** |Σ contributions + bias − logit|. */
    public double identityError() {
        return Math.abs(map.sum() + bias - score.logit());
    }
}
