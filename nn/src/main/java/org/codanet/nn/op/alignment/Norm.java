package org.codanet.nn.op.alignment;

/**
 * How a dynamic alignment unit bounds its output {@code y_j = s_j f_j}. Each constant defines the scale f from the squared norm q of the
 * dynamic weight {@code w_j = B_j Aᵀ p + b_j}. Where a denominator is zero, the output and every gradient through that position are zero;
 * there is no epsilon. The derivation, with gradients, is in the {@linkplain org.codanet.nn.op.alignment package description}.
 *
 * <p>Sources: SQ and L2 from Böhle et al., Convolutional Dynamic Alignment Networks, CVPR 2021. WB is this project's own form of weight
 * bounding.
 */
public enum Norm {
    /** Squashing: {@code f = √q / (1 + q)}. */
    SQ,
    /** Weights of unit length: {@code f = 1 / √q}. */
    L2,
    /** Weight bounding: {@code f = 1 / (‖B_j Aᵀ‖_F ‖p‖)}. Defined without bias. */
    WB
}
