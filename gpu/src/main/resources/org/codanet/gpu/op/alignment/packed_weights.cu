/* packed_weights: what is derived from the weights at each change.
 *   W (P, L)               the columns of A, then those of B and b by slot and unit: W[i, R + slot D + j]
 *   G (S (S + 1) / 2, D)   Gram matrices of the units, G_j = B_j^T B_j with b_j as the last column of B_j; layout in gram.cuh
 *   F_j = |B_j A^T|_F      WB: from F_j^2 = <G_j, A^T A>, or, where that form cancels (S > P), from the entries of B_j A^T
 * P patch entries, R rank, S slots (R, and one more with a bias), D units, L = R + S D. All float32.
 * Launch   frobenius_norms_direct: D blocks of BLOCK threads. Others: one thread an element, grid ceil(count / BLOCK).
 * Access   neighbouring threads read neighbouring units, so reads and writes are coalesced.
 * No atomics: same input, same bits. */

#include "alignment/gram.cuh"

/* One thread an element of W. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pack_weights(float* __restrict__ w, const float* __restrict__ a, const float* __restrict__ b, const float* __restrict__ bias,
                  int rank, int units, int row, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long p = i / row;
    const int column = (int) (i % row), slot = column - rank;
    w[i] = column < rank ? a[p * rank + column]
         : slot < rank * units ? b[p * rank * units + slot] : bias[p * units + slot - rank * units];
}

/* One thread an entry of G. */
extern "C" __global__ __launch_bounds__(BLOCK)
void gram_matrices(float* __restrict__ gram, const float* __restrict__ w, int patch, int rank, int slots, int units, int row,
                   long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int j = (int) (i % units);
    long long s = i / units;
    int r = 0;
    while (s >= slots - r) s -= slots - r++;
    const float* x = w + rank + r * units + j;
    const float* y = x + s * units;
    float sum = 0;
    for (long long p = 0; p < patch; p++) sum += x[p * row] * y[p * row];
    gram[i] = s == 0 ? sum : 2.0f * sum;
}

/* WB. One thread a unit. aa = A^T A (R, R). */
extern "C" __global__ __launch_bounds__(BLOCK)
void frobenius_norms(float* __restrict__ frobenius, const float* __restrict__ gram, const float* __restrict__ aa, int rank,
                     int units) {
    const int j = blockIdx.x * BLOCK + threadIdx.x;
    if (j >= units) return;
    double sum = 0;
    for (int r = 0; r < rank; r++) {
        for (int s = r; s < rank; s++) sum += (double) gram[pair_of(r, s, rank) * units + j] * aa[r * rank + s];
    }
    frobenius[j] = sum < 0 ? 0.0f : (float) sqrt(sum);
}

/* WB, S > P. One block a unit: the sum of the squares of B_j A^T (P, P). */
extern "C" __global__ __launch_bounds__(BLOCK)
void frobenius_norms_direct(float* __restrict__ frobenius, const float* __restrict__ w, int patch, int rank, int units, int row) {
    const float* b = w + rank + blockIdx.x;
    double sum = 0;
    for (int i = threadIdx.x; i < patch * patch; i += BLOCK) {
        const float* x = b + (long long) (i / patch) * row;
        const float* y = w + (long long) (i % patch) * row;
        float entry = 0;
        for (int r = 0; r < rank; r++, x += units) entry += *x * y[r];
        sum += (double) entry * entry;
    }
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) frobenius[blockIdx.x] = (float) sqrt(sum);
}
