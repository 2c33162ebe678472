/* gradient: the elementwise kernels between the GEMMs of the patch-first gradient.
 *   u = patches W                             GEMM, as in forward.cu
 *   s_j = a . u_j     g'_j = g_j f_j     e_j = 2 g_j s_j df/dq     t_j = g'_j a                 patch_first_gradient     (1)
 *   z[r, s] = sum_j e_j G_j[r, s]             GEMM with the Gram matrices, pairs r <= s
 *   da = sum_j g'_j u_j + e_j G_j a           the second term from z                            factor_gradients         (2)
 *   dpatches = (da, t) W^T     dW = patches^T (da, t)     M_j = sum over rows of e_j a a^T      GEMMs
 * and dB_j += B_j M_j in weight_gradients.cu. WB: e = 0; the gradient through F_j and |p| needs c_j = g'_j s_j instead.
 *   dscores  (m, D) = g'        gradient (m, L) = (da, t)        e (m, D)      e_factors (m, S D) = e_j a     c (m, D)
 *   u        (m, L)             factors  (m, S)                  q (m, D), WB: (m)      z (m, S (S + 1) / 2)
 * Launch   factor_gradients: one warp a row and factor, BLOCK threads. patch_first_gradient: one thread a row and unit.
 * Access   neighbouring threads have neighbouring units: coalesced.
 * q = 0    g' = e = 0: that unit and position contribute nothing to the gradients. No atomics: same input, same bits. */

#include "alignment/gram.cuh"
#include "alignment/scale.cuh"

/* (1). dout = g. e and e_factors are written for SQ and L2, c for WB; the others are null. */
extern "C" __global__ __launch_bounds__(BLOCK)
void patch_first_gradient(float* __restrict__ dscores, float* __restrict__ gradient, float* __restrict__ e,
                          float* __restrict__ e_factors, float* __restrict__ c, const float* __restrict__ dout,
                          const float* __restrict__ u, const float* __restrict__ factors, const float* __restrict__ q,
                          const float* __restrict__ frobenius, int norm, int rank, int slots, int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, at = row * (rank + (long long) slots * units) + rank + i % units;
    const float* a = factors + row * slots;
    const int j = (int) (i % units);
    float s = 0;
    for (int slot = 0; slot < slots; slot++) s += a[slot] * u[at + (long long) slot * units];
    const float by = norm == NORM_WB ? q[row] : q[i];
    const float g = dout[i] * scale_of(norm, by, norm == NORM_WB ? frobenius[j] : 0.0f);
    dscores[i] = g;
    float derivative = 0.0f;
    if (norm == NORM_WB) {
        c[i] = g * s;
    } else {
        derivative = scale_derivative(norm, dout[i], s, by);
        e[i] = derivative;
    }
    for (int slot = 0; slot < slots; slot++) {
        gradient[at + (long long) slot * units] = g * a[slot];
        if (norm != NORM_WB) e_factors[(row * slots + slot) * units + j] = derivative * a[slot];
    }
}

/* (2), into the first R columns of gradient. z is null for WB. Entries of G off the diagonal, and so those of z, are doubled. */
extern "C" __global__ __launch_bounds__(BLOCK)
void factor_gradients(float* __restrict__ gradient, const float* __restrict__ dscores, const float* __restrict__ u,
                      const float* __restrict__ factors, const float* __restrict__ z, int rank, int slots, int units,
                      long long count) {
    const long long i = (long long) blockIdx.x * (BLOCK / WARP_SIZE) + threadIdx.x / WARP_SIZE;
    const int lane = threadIdx.x % WARP_SIZE, r = (int) (i % rank);
    const long long row = i / rank, row_floats = rank + (long long) slots * units;
    float sum = 0;
    if (i < count) {
        const float* products = u + row * row_floats + rank + (long long) r * units;
        for (int j = lane; j < units; j += WARP_SIZE) sum += dscores[row * units + j] * products[j];
        const long long pairs = (long long) slots * (slots + 1) / 2;
        for (int s = lane; z != 0 && s < slots; s += WARP_SIZE) {
            const float value = z[row * pairs + (s < r ? pair_of(s, r, slots) : pair_of(r, s, slots))] * factors[row * slots + s];
            sum += s == r ? value : 0.5f * value;
        }
    }
    sum = warp_sum(sum);
    if (i < count && lane == 0) gradient[row * row_floats + r] = sum;
}
