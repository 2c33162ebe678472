package org.codanet.report;

import java.util.Optional;
import org.codanet.explain.ClassScore;
import org.codanet.render.SignedMap;

/**
 * One class of one image with its contributions, or what speaks for it against another one.
 *
 * @param score the class and its logit, or the difference of both classes' logits
 * @param against name of the other class; empty where one class is explained
 * @param map contribution of each pixel to that logit or difference
 * @param bias the constant beside the contributions: {@code map.sum() + bias = logit}
 * @param tolerance the largest difference of the two sides that rounding explains
 */
public record ExplainedClass(ClassScore score, Optional<String> against, SignedMap map, double bias, double tolerance) {
    /** What is explained, in words: the class, or the class against the other. */
    public String name() {
        return score.label() + against.map(other -> " against " + other).orElse("");
    }

    /** |Σ contributions + bias − logit|, as the numbers at hand have it. */
    public double identityError() {
        return Math.abs(map.sum() + bias - score.logit());
    }
}
