/**
 * Dynamic alignment on a CUDA device. Read {@link org.codanet.gpu.op.alignment.CudaDynamicAlignment} first: it checks the arguments,
 * selects the form of each pass, and calls one class for each pass. {@link org.codanet.nn.op.alignment} derives the formulas; classes and
 * kernels use its letters.
 *
 * <h2>Sizes</h2>
 *
 * <p>N images, P patch entries, R rank, S slots (R, plus one with factor 1 if there is a bias), D units, T targets, m rows: the output
 * positions of a chunk of images. L = R + S D. The packed weights W (P, L) have the columns of A, then those of B and b by slot and
 * unit. A chunk is the largest number of images whose buffers fit within the device's chunk size.
 *
 * <h2>Forms</h2>
 *
 * <p>Dynamic weights w (m, D, P) are never written to memory. Three forms avoid this:
 *
 * <dl>
 *   <dt>patch-first
 *   <dd>A GEMM multiplies the patches with W: {@code u_j = B_jᵀ p}. Then {@code s_j = a · u_j}, and q is a quadratic form in a, whose
 *       Gram matrices {@code G_j = B_jᵀ B_j} are computed once for each change of the weights: {@code q_j = aᵀ G_j a}. This needs
 *       S D floats of memory for each position.
 *   <dt>weight-streaming
 *   <dd>A thread computes the entries of a dynamic weight one by one in float32, {@code w_ij = B_ij a}. It adds each entry to the sums
 *       {@code s_j += p_i w_ij} and {@code q_j += w_ij²}, and then drops it.
 *   <dt>tensor-core
 *   <dd>Like weight-streaming, but tensor cores compute the entries of 16 positions and 8 units at once from TF32 or bfloat16 operands:
 *       {@code w_i = a B_i}, one GEMM tile for each patch entry i. The tiles stay in the accumulator registers, from which the sums are
 *       computed. If positions and units make too few blocks to fill the GPU, the reduction is split (split-K), and the partial sums are
 *       reduced in a fixed order.
 * </dl>
 *
 * <p>On Hopper a fourth form replaces all of these for bfloat16:
 *
 * <dl>
 *   <dt>fused
 *   <dd>The patch-first form in one kernel a pass. Each pass is one matrix product by {@code wgmma}, whose operands are gathered or
 *       formed on the way (implicit im2col; t = g' a in registers) and whose sums are used in registers (scores, squared norms, da). Neither
 *       patches nor u, t or G_j a are written to memory. The passes of a layer are two launches each: the input as bfloat16 and the
 *       product forward, the product and col2im backward.
 * </dl>
 *
 * <p>All GEMMs outside the kernels are computed by cuBLAS, in the precision of the device. Layers whose Gram form cancels ({@link
 * org.codanet.nn.op.alignment.DynamicAlignmentShape#gramFormCancels}) are computed in float32, and never use tensor cores.
 *
 * <table>
 *   <caption>When a form is selected, and its launch geometry</caption>
 *   <tr><th>pass<th>form<th>selected<th>blocks of its main kernel
 *   <tr><td>all but frozen maps<td>fused<td>bfloat16, compute capability 9.0, rank 16, 32 or 64, SQ or L2, patches that fit in shared
 *       memory (at most 640 entries)<td>one a multiprocessor, 384 to 768 threads
 *   <tr><td>forward, frozen map<td>tensor-core<td>TF32 or bfloat16, compute capability 8.0 or later, rank at most 128 (TF32) or 256
 *       (bfloat16)<td>(m / 64 or 128, D / 32, splits of P), 128 threads
 *   <tr><td><td>weight-streaming<td>L2 whose Gram form cancels<td>(m / 32, D / 32), 128 threads
 *   <tr><td><td>patch-first<td>otherwise<td>GEMM, then (m / 32, D / 32), 128 threads
 *   <tr><td>back-projection<td>tensor-core<td>as for the forward pass, if T is at least 2, or if one target moves fewer bytes than
 *       patch-first<td>(m / 64, P / span, T / 10), 128 threads
 *   <tr><td><td>patch-first<td>otherwise<td>one thread a position, target and unit, then GEMM
 *   <tr><td>gradient<td>tensor-core<td>as for the forward pass, rank at most 96 (TF32) or 192 (bfloat16)<td>by positions: (m / 64 or
 *       128, splits of P); by weights: (P / 4 or 8, D / 16, splits of m); 128 threads
 *   <tr><td><td>patch-first<td>otherwise<td>GEMMs, with one thread a position and unit between them
 * </table>
 *
 * <h2>Classes and kernels</h2>
 *
 * <p>Each file of kernels is named after its class. The comment at its top gives the formulas, shapes, launch geometry and access
 * pattern.
 *
 * <table>
 *   <caption>Which class launches which kernels</caption>
 *   <tr><th>class<th>file<th>kernels
 *   <tr><td>{@code PackedWeights}<td>packed_weights.cu<td>pack_weights, gram_matrices, frobenius_norms, frobenius_norms_direct
 *   <tr><td>{@code Patches}<td>patches.cu<td>im2col, col2im, squared_patch_norms, add_scaled_patches
 *   <tr><td>{@code Forward}<td>forward.cu<td>patch_first_forward, weight_streaming_forward, patch_first_map
 *   <tr><td>{@code BackProjection}<td>back_projection.cu<td>patch_first_back_projection
 *   <tr><td>{@code Gradient}<td>gradient.cu<td>patch_first_gradient, factor_gradients
 *   <tr><td>{@code WeightGradients}<td>weight_gradients.cu<td>wb_alpha, wb_beta, wb_moments, wb_mixed_gram,
 *       add_weight_gradients
 *   <tr><td>{@code TensorCoreWeights}<td>tensor_core_weights.cu<td>pack_fragments, pack_transposed
 *   <tr><td>{@code TensorCoreForward}<td>tensor_core_forward.cu<td>tensor_core_forward, tensor_core_forward_one_tile,
 *       tensor_core_forward_reduce
 *   <tr><td>{@code TensorCoreBackProjection}<td>tensor_core_back_projection.cu<td>scale_targets, tensor_core_back_projection
 *   <tr><td>{@code TensorCoreGradient}<td>tensor_core_gradient.cu<td>gradient_coefficients, pack_factors,
 *       tensor_core_gradient_positions, tensor_core_gradient_weights, reduce_factor_gradients, reduce_weight_gradients
 *   <tr><td>{@code FusedElements}<td>fused_elements.cu<td>pack_input, fused_col2im, fused_coefficients, reduce_factor_gradient,
 *       reduce_weight_gradient
 *   <tr><td>{@code FusedWeights}<td>fused_weights.cu<td>pack_forward_stream, pack_back_stream
 *   <tr><td>{@code FusedForward}<td>fused_forward.cu<td>fused_forward
 *   <tr><td>{@code FusedBackProjection}<td>fused_back_projection.cu<td>fused_back_projection
 *   <tr><td>{@code FusedFactorGradient}<td>fused_factor_gradient.cu<td>fused_factor_gradient
 *   <tr><td>{@code FusedWeightGradient}<td>fused_weight_gradient.cu<td>fused_weight_gradient
 * </table>
 *
 * <p>{@code scale.cuh} computes f and e for all of them, {@code gram.cuh} defines the layout of the Gram matrices, and {@code
 * tensor_core.cuh} contains what the tensor-core kernels share. {@code TensorCoreTiling} selects their tile sizes and passes them to
 * NVRTC.
 */
package org.codanet.gpu.op.alignment;
