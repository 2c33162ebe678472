package org.codanet.nn.op;

/**
 * What a ReLU does with the gradient g of its output, when it was evaluated at x.
 *
 * <pre>
 *   GRADIENT   g where x > 0, else 0
 *   GUIDED     max(0, g) where x > 0, else 0                    Springenberg et al., 2015: GuidedBackprop
 *   RESCALE    g (relu(x) − relu(x₀)) / (x − x₀)                Shrikumar et al., 2017: DeepLIFT, baseline x₀
 *              as GRADIENT where |x − x₀| < 1e-10
 * </pre>
 *
 * RESCALE turns gradients into multipliers: times x − x₀, they add up to the change of the output.
 */
public enum ReluRule {
    /** The gradient. */
    GRADIENT,
    /** GuidedBackprop. */
    GUIDED,
    /** DeepLIFT's Rescale rule. */
    RESCALE;

    /** Smaller differences of x and x₀ count as none. */
    public static final double SMALLEST_DIFFERENCE = 1e-10;

    /** Checks that there is a baseline if, and only if, the rule needs one. For devices. */
    public void requireBaseline(boolean present) {
        if (present != (this == RESCALE)) {
            throw new IllegalArgumentException("rule " + this + ": "
                    + (present ? "it has no baseline, one was given" : "the baseline is missing"));
        }
    }
}
