/* forward: scores, squared norms and outputs in the patch-first and the weight-streaming form; frozen maps.
 *   patch-first       s_j = sum over slots a u_j,  u = patches W     q_j = sum over pairs r <= s of G[r, s] a[r] a[s]     (1)
 *   weight-streaming  w_j[i] = sum over slots a W[i, R + slot D + j]     s_j = sum_i p[i] w_j[i]     q_j = sum_i w_j[i]^2  (2)
 *   both              y_j = s_j f(q_j)                               f in scale.cuh
 * P patch entries, R rank, S slots (R, and one more with a bias), D units, L = R + S D, m rows: positions of a run of whole images.
 *   u        (m, L)   GEMM of the patches with W: a in the first R columns, then u[slot, j]
 *   factors  (m, S)   a, and with a bias a last 1
 *   q        (m, D)   squared norms of the dynamic weights; WB: (m), squared norms of the patches, which is read
 *   gram     (S (S + 1) / 2, D)   layout in gram.cuh          w (P, L)   packed weights
 * Launch   patch_first_forward, weight_streaming_forward: grid (ceil(m / TILE), ceil(D / TILE)), THREADS threads. A thread has one
 *          unit and POSITIONS positions in registers; the factors of the block's positions are in shared memory, which is reserved
 *          for SLOTS slots. patch_first_map: one thread an element, grid ceil(count / BLOCK).
 * Access   neighbouring threads have neighbouring units: reads of u, gram and w are coalesced, those of the factors are broadcast.
 *          Per slot pair: one 4-byte read of gram and two 16-byte reads of shared memory for POSITIONS multiply-adds.
 * Edges    factors and q may be null: then they are not written. q = 0: y = 0. No atomics: same input, same bits. */

#include "alignment/scale.cuh"

#define POSITIONS (TILE / (THREADS / WARP_SIZE))
static_assert(TILE == WARP_SIZE && POSITIONS == 8, "a warp has one unit a lane, and reads eight factors as two float4");
#define STRIDE (TILE + 4) /* a multiple of 4 for 16-byte reads, and not of 32, so that the writes use different banks */

/* Copies the factors of the block to shared memory, and to factors unless that is null. a has R factors of every stride floats. */
static __device__ __forceinline__ void load_factors(float* shared, float* __restrict__ factors, const float* __restrict__ a,
                                                    long long stride, long long first, int rank, int slots, long long rows) {
    for (int i = threadIdx.x; i < slots * TILE; i += THREADS) {
        const int p = i / slots, slot = i % slots;
        const long long row = first + p;
        const float value = slot >= rank ? 1.0f : row < rows ? a[row * stride + slot] : 0.0f;
        shared[slot * STRIDE + p] = value;
        if (factors != 0 && blockIdx.y == 0 && row < rows) factors[row * slots + slot] = value;
    }
    __syncthreads();
}

/* sum[i] += value factors[i] for POSITIONS positions. */
static __device__ __forceinline__ void add_multiple(float* sum, float value, const float* factors) {
    const float4 low = *(const float4*) factors, high = *(const float4*) (factors + 4);
    sum[0] += value * low.x;
    sum[1] += value * low.y;
    sum[2] += value * low.z;
    sum[3] += value * low.w;
    sum[4] += value * high.x;
    sum[5] += value * high.y;
    sum[6] += value * high.z;
    sum[7] += value * high.w;
}

/* (1). frobenius (D) is read for WB alone, and gram for the other norms. */
extern "C" __global__ __launch_bounds__(THREADS)
void patch_first_forward(float* __restrict__ y, float* __restrict__ factors, float* __restrict__ q, const float* __restrict__ u,
                         const float* __restrict__ gram, const float* __restrict__ frobenius, int norm, int rank, int slots,
                         int units, long long rows) {
    __shared__ __align__(16) float a[SLOTS * STRIDE];
    const long long first = (long long) blockIdx.x * TILE, row_floats = rank + (long long) slots * units;
    load_factors(a, factors, u, row_floats, first, rank, slots, rows);
    const int j = blockIdx.y * TILE + threadIdx.x % WARP_SIZE, position = threadIdx.x / WARP_SIZE * POSITIONS;
    if (j >= units) return;
    float score[POSITIONS], square[POSITIONS];
    for (int i = 0; i < POSITIONS; i++) score[i] = square[i] = 0.0f;
    const float* g = gram + j;
    for (int r = 0; r < slots; r++) {
        float h[POSITIONS]; /* sum over s >= r of G[r, s] a[s] */
#pragma unroll
        for (int i = 0; i < POSITIONS; i++) h[i] = 0.0f;
        if (norm != NORM_WB) {
            for (int s = r; s < slots; s++, g += units) add_multiple(h, *g, &a[s * STRIDE + position]);
        }
#pragma unroll
        for (int i = 0; i < POSITIONS; i++) {
            const long long row = first + position + i;
            const float value = a[r * STRIDE + position + i];
            square[i] += value * h[i];
            if (row < rows) score[i] += value * u[row * row_floats + rank + r * units + j];
        }
    }
#pragma unroll
    for (int i = 0; i < POSITIONS; i++) {
        const long long row = first + position + i;
        if (row >= rows) continue;
        /* The quadratic form is never negative, but rounding can make its value so. */
        const float by = norm == NORM_WB ? q[row] : square[i] < 0.0f ? 0.0f : square[i];
        y[row * units + j] = score[i] * scale_of(norm, by, norm == NORM_WB ? frobenius[j] : 0.0f);
        if (q != 0 && norm != NORM_WB) q[row * units + j] = by;
    }
}

/* (2), for L2 with S > P. a (m, stride) begins with the R factors that the weights are made of; the weights are applied to patches
 * (m, P), which for a frozen map are those of another input. */
extern "C" __global__ __launch_bounds__(THREADS)
void weight_streaming_forward(float* __restrict__ y, float* __restrict__ factors, float* __restrict__ q,
                              const float* __restrict__ a, int stride, const float* __restrict__ patches,
                              const float* __restrict__ w, int patch, int rank, int slots, int units, long long rows) {
    __shared__ __align__(16) float shared[SLOTS * STRIDE];
    const long long first = (long long) blockIdx.x * TILE;
    load_factors(shared, factors, a, stride, first, rank, slots, rows);
    const int j = blockIdx.y * TILE + threadIdx.x % WARP_SIZE, position = threadIdx.x / WARP_SIZE * POSITIONS;
    if (j >= units) return;
    const long long begin = first + position;
    const int count = begin < rows ? (int) (rows - begin < POSITIONS ? rows - begin : POSITIONS) : 0;
    float score[POSITIONS], square[POSITIONS];
    for (int i = 0; i < POSITIONS; i++) score[i] = square[i] = 0.0f;
    const float* column = w + rank + j;
    const float* applied = patches + begin * patch;
    for (int p = 0; p < patch; p++, applied++, column += rank) {
        float weight[POSITIONS];
#pragma unroll
        for (int i = 0; i < POSITIONS; i++) weight[i] = 0.0f;
        for (int s = 0; s < slots; s++, column += units) add_multiple(weight, *column, &shared[s * STRIDE + position]);
#pragma unroll
        for (int i = 0; i < POSITIONS; i++) {
            square[i] += weight[i] * weight[i];
            if (i < count) score[i] += weight[i] * applied[i * patch];
        }
    }
#pragma unroll
    for (int i = 0; i < POSITIONS; i++) {
        if (i >= count) continue;
        y[(begin + i) * units + j] = score[i] * scale_of(NORM_L2, square[i], 0.0f);
        if (q != 0) q[(begin + i) * units + j] = square[i];
    }
}

/* The frozen map of another input, from the factors and squared norms that its forward pass left: out_j = f_j sum over slots a u_j,
 * u that of the input that the map is applied to. */
extern "C" __global__ __launch_bounds__(BLOCK)
void patch_first_map(float* __restrict__ out, const float* __restrict__ u, const float* __restrict__ factors,
                     const float* __restrict__ q, const float* __restrict__ frobenius, int norm, int rank, int slots, int units,
                     long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units;
    const int j = (int) (i % units);
    const float* products = u + row * (rank + (long long) slots * units) + rank + j;
    float score = 0;
    for (int slot = 0; slot < slots; slot++) score += factors[row * slots + slot] * products[slot * units];
    out[i] = score * (norm == NORM_WB ? scale_of(norm, q[row], frobenius[j]) : scale_of(norm, q[i], 0.0f));
}
