package org.codanet.nn.op.alignment;

/**
 * How a dynamic alignment unit bounds its activation.
 *
 * <p>With the patch {@code p}, the dynamic weights {@code w = B A p + b} of a unit, {@code s = w . p} and {@code n = |w|},
 * each constant names the function from these to the unit's output {@code y}. There is no epsilon anywhere: where a
 * denominator vanishes, the output and every gradient through that position are zero.
 *
 * <p>Sources: SQ and L2 from Böhle et al., Convolutional Dynamic Alignment Networks, CVPR 2021; WB is this project's form
 * of weight bounding.
 */
public enum Norm {
    /** Squashing: {@code y = s * n / (1 + n^2)}. */
    SQ,
    /** Unit-length weights: {@code y = s / n}. */
    L2,
    /** Weight bounding: {@code y = s / (|B A|_F * |p|)}, with the Frobenius norm of the unit's matrix; always without b. */
    WB
}
