/* weight_gradients: what a gradient sums over all positions of all images, and adds to the gradients of the weights at the end.
 *   dW  (P, L)      columns like those of W: sums over rows of p da^T, then p t_j^T
 *   SQ, L2          M_j = sum over rows of e_j a a^T                                          dB_j += B_j M_j            (1)
 *   WB              c_j = g'_j s_j, F_j = |B_j A^T|_F, q = |p|^2:
 *                   beta    = -(sum_j c_j) / q                  for each row                  dp   += beta p             (2)
 *                   alpha_j = -(sum over rows of c_j) / F_j^2,  M_j = alpha_j A^T A           dB_j += B_j M_j            (3)
 *                   mixed   = sum_j alpha_j G_j                                               dA   += A mixed            (4)
 * moments (S, S D): M_j[r, s] at row r, column s D + j.     mixed (R, R)     c (m, D)     alpha (D)     beta (m)     q (m)
 * Launch   wb_beta, wb_mixed_gram: one warp a result, BLOCK threads. wb_alpha: one block of BLOCK threads a unit. Others: one thread
 *          an element, grid ceil(count / BLOCK).
 * q, F = 0 the gradient through the norm is 0. No atomics: same input, same bits. */

#include "alignment/gram.cuh"

/* (2). One warp a row. add_scaled_patches of patches.cu adds beta p to dp. */
extern "C" __global__ __launch_bounds__(BLOCK)
void wb_beta(float* __restrict__ beta, const float* __restrict__ c, const float* __restrict__ q, int units, long long rows) {
    const long long row = (long long) blockIdx.x * (BLOCK / WARP_SIZE) + threadIdx.x / WARP_SIZE;
    float sum = 0;
    for (int j = threadIdx.x % WARP_SIZE; row < rows && j < units; j += WARP_SIZE) sum += c[row * units + j];
    sum = warp_sum(sum);
    if (row < rows && threadIdx.x % WARP_SIZE == 0) beta[row] = q[row] == 0.0f ? 0.0f : -sum / q[row];
}

/* (3). One block a unit. Adds to alpha, which is 0 before the first chunk of images. */
extern "C" __global__ __launch_bounds__(BLOCK)
void wb_alpha(float* __restrict__ alpha, const float* __restrict__ c, const float* __restrict__ frobenius, int units,
              long long rows) {
    double sum = 0;
    for (long long row = threadIdx.x; row < rows; row += BLOCK) sum += c[row * units + blockIdx.x];
    sum = block_sum<double, BLOCK>(sum);
    const float f = frobenius[blockIdx.x];
    if (threadIdx.x == 0 && f != 0.0f) alpha[blockIdx.x] -= (float) (sum / ((double) f * f));
}

/* (3). One thread an entry of moments; aa = A^T A (R, R). */
extern "C" __global__ __launch_bounds__(BLOCK)
void wb_moments(float* __restrict__ moments, const float* __restrict__ alpha, const float* __restrict__ aa, int units,
                long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) moments[i] = alpha[i % units] * aa[i / units];
}

/* (4). One warp an entry of mixed. */
extern "C" __global__ __launch_bounds__(BLOCK)
void wb_mixed_gram(float* __restrict__ mixed, const float* __restrict__ alpha, const float* __restrict__ gram, int rank,
                   int units) {
    const int i = blockIdx.x * (BLOCK / WARP_SIZE) + threadIdx.x / WARP_SIZE, r = i / rank, s = i % rank;
    float sum = 0;
    if (i < rank * rank) {
        const float* g = gram + (r < s ? pair_of(r, s, rank) : pair_of(s, r, rank)) * units;
        for (int j = threadIdx.x % WARP_SIZE; j < units; j += WARP_SIZE) sum += alpha[j] * g[j];
    }
    sum = warp_sum(sum);
    if (i < rank * rank && threadIdx.x % WARP_SIZE == 0) mixed[i] = r == s ? sum : 0.5f * sum;
}

/* One thread an element of dW: adds it to the gradients of A, B and b, with (1) or (3), and (4). moments is null where dW contains
 * (1) already (tensor-core form); mixed is null for SQ and L2. */
extern "C" __global__ __launch_bounds__(BLOCK)
void add_weight_gradients(float* __restrict__ da, float* __restrict__ db, float* __restrict__ dbias, const float* __restrict__ dw,
                          const float* __restrict__ w, const float* __restrict__ moments, const float* __restrict__ mixed, int rank,
                          int slots, int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int row = rank + slots * units;
    const long long p = i / row;
    const int column = (int) (i % row);
    const float* weights = w + p * row;
    float sum = dw[i];
    if (column < rank) {
        for (int s = 0; mixed != 0 && s < rank; s++) sum += weights[s] * mixed[s * rank + column];
        da[p * rank + column] += sum;
        return;
    }
    const int at = column - rank, j = at % units;
    if (moments != 0) {
        const float* moment = moments + at;
        weights += rank + j;
        for (int s = 0; s < slots; s++, weights += units, moment += (long long) slots * units) sum += *weights * *moment;
    }
    if (at < rank * units) {
        db[p * rank * units + at] += sum;
    } else {
        dbias[p * units + j] += sum;
    }
}
