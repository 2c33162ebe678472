/**
 * The dynamic alignment operation: {@link org.codanet.nn.op.alignment.DynamicAlignment}, its shape and its norms. This page derives the
 * whole operation. Every implementation uses these letters with these values.
 *
 * <h2>Forward</h2>
 *
 * A unit j of D sees at one position the patch p. It has the parameters A, shared by all units, B_j and b_j.
 *
 * <pre>
 *   p    (P)       the patch, ordered (ky, kx, c); P = k² C
 *   a    (S)       the factors: a = Aᵀ p, with A (P, r); with a bias a last 1 is appended, so S = r + 1, otherwise S = r
 *   B_j  (P, S)    with a bias, b_j is its last column
 *   w_j  (P)       the dynamic weight:   w_j = B_j a
 *   s_j            the score:            s_j = w_j · p
 *   q_j            the squared norm:     q_j = w_j · w_j
 *   f_j            the scale, by the norm of the layer:
 *                      SQ   f = √q / (1 + q)
 *                      L2   f = 1 / √q
 *                      WB   f = 1 / (F_j ‖p‖),   F_j = ‖B_j Aᵀ‖_F,   without bias
 *   y_j            the output:           y_j = s_j f_j
 * </pre>
 *
 * Nobody needs w_j in memory, because the score and the squared norm are short sums:
 *
 * <pre>
 *   u_j = B_jᵀ p    (S)         s_j = a · u_j
 *   G_j = B_jᵀ B_j  (S, S)      q_j = aᵀ G_j a                G_j changes with the weights only
 *                               F_j² = ⟨G_j, AᵀA⟩             the sum of the products of their entries, since WB has no bias
 * </pre>
 *
 * This is the patch-first form. The weight-streaming and tensor-core forms compute each entry of w_j instead, use it and drop it. Where
 * f would divide by zero (q_j = 0, or for WB p = 0) the output and all gradients through that position are zero. There is no epsilon.
 *
 * <h2>Back-projection</h2>
 *
 * Back-projection holds w_j and f_j constant. With g_j the value at the output of unit j and {@code g'_j = g_j f_j},
 *
 * <pre>
 *   dp = Σ_j g'_j w_j = Σ_j B_j t_j        t_j = g'_j a  (S)
 * </pre>
 *
 * and dx adds up dp over all patches that an input position is in (col2im). The frozen linear map is the adjoint: it maps another input v
 * with the patch m at this position to {@code f_j w_j · m = f_j (a · B_jᵀ m)}.
 *
 * <h2>Gradient</h2>
 *
 * With g_j = ∂L/∂y_j and
 *
 * <pre>
 *   e_j = 2 g_j s_j ∂f_j/∂q_j              SQ   e = g s (1 − q) / (√q (1 + q)²)
 *                                          L2   e = −g s / (√q q)
 *                                          WB   e = 0
 * </pre>
 *
 * the gradient with respect to a dynamic weight is {@code ∂L/∂w_j = g'_j p + e_j w_j}. It is not formed either:
 *
 * <pre>
 *   da   = Σ_j g'_j u_j + e_j G_j a        (the first r entries; a last 1 is a constant)
 *   dp   = Σ_j B_j t_j + A da              the first term is the back-projection of g
 *   dA   = Σ p daᵀ                         sums over all positions of all images
 *   dB_j = Σ p t_jᵀ + B_j M_j              M_j = Σ e_j a aᵀ  (S, S), the second moments
 * </pre>
 *
 * WB divides by F_j and ‖p‖ instead of q_j. With {@code c_j = g'_j s_j} at a position,
 *
 * <pre>
 *   α_j  = −Σ c_j / F_j²                   over all positions; ∂L/∂F_j = α_j F_j
 *   β    = −Σ_j c_j / ‖p‖²                 at each position
 *   dp  += β p
 *   dB_j += B_j M_j,  M_j = α_j AᵀA        since ∂F_j/∂B_j = B_j AᵀA / F_j
 *   dA  += A Σ_j α_j G_j                   since ∂F_j/∂A = A G_j / F_j
 * </pre>
 *
 * <h2>Gradient of the frozen linear map</h2>
 *
 * The linear-map regulariser needs the gradient of {@code Σ_j g_j f_j w_j · m} with respect to the weights and to x, where the patch m of
 * v is a constant. The same formulas hold with {@code s_j = w_j · m} and {@code u_j = B_jᵀ m}: {@code ∂L/∂w_j = g'_j m + e_j w_j}, and so
 * {@code dB_j = Σ m t_jᵀ + B_j M_j}. Only the term Σ_j B_j t_j of dp is missing, because it belongs to m.
 *
 * <p>Sources: Böhle, Fritz, Schiele, Convolutional Dynamic Alignment Networks, CVPR 2021, sections 3.1 to 3.3 (SQ, L2) and 4.3 (the
 * regulariser). WB is this project's own form of weight bounding; ‖f_j w_j‖ ≤ 1 holds for it as for SQ and L2.
 */
package org.codanet.nn.op.alignment;
