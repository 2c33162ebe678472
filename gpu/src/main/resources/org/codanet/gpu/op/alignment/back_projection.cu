/* back_projection: the patch-first form for T targets at once.
 *   t_j = g'_j a,  g'_j = dout_j f_j                                                                                   (1)
 *   dpatches = t W_B^T                a GEMM with the columns of W that belong to slots; col2im then gives dx           (2)
 * The kernel is (1). f comes from the q that the forward pass left: the dynamic weights and their norms are constants here.
 *   t (m, S D)     dout (N, T, positions, D)     factors (N positions, S)     q (N positions, D), WB: (N positions)
 * m = rows of (n, target, position), a run of whole (n, target) from first on.
 * Launch   one thread a row and unit, grid ceil(count / BLOCK).
 * Access   neighbouring threads have neighbouring units: coalesced. S writes of 4 bytes for each read of dout.
 * No atomics: same input, same bits. */

#include "alignment/scale.cuh"

extern "C" __global__ __launch_bounds__(BLOCK)
void patch_first_back_projection(float* __restrict__ t, const float* __restrict__ dout, const float* __restrict__ factors,
                                 const float* __restrict__ q, const float* __restrict__ frobenius, int norm, int slots, int units,
                                 int positions, int targets, int first, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, image = (first + row / positions) / targets, from = image * positions + row % positions;
    const int j = (int) (i % units);
    const float g = dout[((long long) first * positions + row) * units + j]
            * (norm == NORM_WB ? scale_of(norm, q[from], frobenius[j]) : scale_of(norm, q[from * units + j], 0.0f));
    for (int slot = 0; slot < slots; slot++) t[(row * slots + slot) * units + j] = g * factors[from * slots + slot];
}
