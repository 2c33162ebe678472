/* dynamic_alignment, patch first: scores, norms and outputs from products of the patches with the weights, and the ways back.
 * Of a layer: P patch entries, R rank, S slots (R, and one more with bias), D units, L = R + S D.
 *   W   (P, L)   packed weights: columns A, then B and b by slot and unit: W[p, R + slot D + j]
 *   u   (m, L)   patches times W: a in the first R columns, then u[slot, j]
 *   a   (m, S)   factors: A^T p, and a last 1 with bias
 *   q   (m, D)   squared norms of the dynamic weights; WB: (m), squared norms of the patches
 *   G   (S (S + 1) / 2, D) Gram matrices by pairs of slots, the entries off the diagonal doubled, so that
 *                q_j = sum over pairs G a a                                                                     (1)
 *   y_j = s_j f_j,  s_j = sum over slots a u_j                                                                  (2)
 *   w_j   the dynamic weight, w_j[p] = sum over slots a W[p, R + slot D + j]: layers that divide by a norm and have S > P sum
 *         q_j = sum over p w_j[p]^2 instead of (1), which cancels there, and s_j = sum over p p w_j[p]; it is less work, too
 *   SQ  f = sqrt(q) / (1 + q)      L2  f = 1 / sqrt(q)      WB  f = 1 / (F_j sqrt(q));     f = 0 where it would divide by 0
 *   g'_j = g_j f_j      e_j = g_j s_j df/dq      t = g' a       da = sum over j g'_j u_j + d(sum over j e_j q_j)/da     (3)
 * m rows are positions (n, oy, ox) of a run of whole images. All float32; NORM is 0 SQ, 1 L2, 2 WB.
 * Launch   alignment_forward, direct_forward: (ceil(m / 32), ceil(D / 32)) blocks of 128 threads: a warp has 32 units and 8
 *          positions in registers, the factors of 32 positions lie in shared memory. Others: one thread an element or one warp a row, as
 *          said there; BLOCK threads.
 * No atomics: same input, same bits. */

#include "alignment/scale.cuh"

#define TILE 32
#define HELD 8
#define STRIDE (TILE + 4) /* a multiple of 4 for 16-byte reads, and no multiple of 32 for the writes */

/* Index of the pair (r, s), r <= s. */
static __device__ __forceinline__ long long pair_of(int r, int s, int slots) {
    return (long long) r * slots - (long long) r * (r - 1) / 2 + s - r;
}

/* ---- Weights ---- */

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

/* One thread an entry of G: the products of two columns of W, the same p in neighbouring threads. */
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

/* WB. One thread a unit: frobenius[j] = |B_j A^T|_F, from G and aa = A^T A (R, R). */
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

/* WB, S > P. One block a unit: |B_j A^T|_F from the entries of B_j A^T, which (1) would make of what cancels in them. */
extern "C" __global__ __launch_bounds__(BLOCK)
void direct_frobenius_norms(float* __restrict__ frobenius, const float* __restrict__ w, int patch, int rank, int units, int row) {
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

/* ---- Patches ---- */

/* One thread an entry of patches (m, P); neighbouring threads read neighbouring channels. */
extern "C" __global__ __launch_bounds__(BLOCK)
void gather_patches(float* __restrict__ patches, const float* __restrict__ x, int h, int w, int c, int oh, int ow, int kernel,
                    int stride, int padding, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int length = kernel * kernel * c, entry = (int) (i % length);
    const long long row = i / length, image = row / (oh * ow);
    const int position = (int) (row % (oh * ow)), tap = entry / c;
    const int iy = position / ow * stride - padding + tap / kernel, ix = position % ow * stride - padding + tap % kernel;
    const bool inside = iy >= 0 && iy < h && ix >= 0 && ix < w;
    patches[i] = inside ? x[((image * h + iy) * w + ix) * c + entry % c] : 0.0f;
}

/* One thread an element of dx: the sum of the patch entries that it went into, in the order of the taps. */
extern "C" __global__ __launch_bounds__(BLOCK)
void collect_patches(float* __restrict__ dx, const float* __restrict__ patches, int h, int w, int c, int oh, int ow, int kernel,
                     int stride, int padding, int adds, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int channel = (int) (i % c), ix = (int) (i / c % w), iy = (int) (i / c / w % h);
    const long long image = i / c / w / h;
    const long long length = (long long) kernel * kernel * c;
    float sum = 0;
    for (int ky = 0; ky < kernel; ky++) {
        const int y = iy + padding - ky;
        if (y < 0 || y % stride != 0 || y / stride >= oh) continue;
        for (int kx = 0; kx < kernel; kx++) {
            const int x = ix + padding - kx;
            if (x < 0 || x % stride != 0 || x / stride >= ow) continue;
            sum += patches[((image * oh + y / stride) * ow + x / stride) * length + (ky * kernel + kx) * c + channel];
        }
    }
    dx[i] = adds ? dx[i] + sum : sum;
}

/* WB. One warp a row: squared length of its patch. */
extern "C" __global__ __launch_bounds__(BLOCK)
void patch_squares(float* __restrict__ q, const float* __restrict__ patches, int length, long long rows) {
    const long long row = (long long) blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    float sum = 0;
    for (int p = threadIdx.x % 32; row < rows && p < length; p += 32) sum += patches[row * length + p] * patches[row * length + p];
    sum = warp_sum(sum);
    if (row < rows && threadIdx.x % 32 == 0) q[row] = sum;
}

/* WB. One thread an element: what the patch's own length contributes to its gradient. */
extern "C" __global__ __launch_bounds__(BLOCK)
void add_scaled_rows(float* __restrict__ to, const float* __restrict__ rows, const float* __restrict__ scale, int length,
                     long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) to[i] += scale[i / length] * rows[i];
}

/* ---- Forward ---- */

/* Score, norm and output of 32 positions and 32 units. factors (m, S) and q (m, D) may be null: nothing is kept then. For WB q
 * (m) is read. */
extern "C" __global__ __launch_bounds__(128)
void alignment_forward(float* __restrict__ y, float* __restrict__ factors, float* __restrict__ q, const float* __restrict__ u,
                       const float* __restrict__ gram, const float* __restrict__ frobenius, int norm, int rank, int slots,
                       int units, long long rows) {
    __shared__ __align__(16) float a[SLOTS * STRIDE];
    const long long first = (long long) blockIdx.x * TILE, row_floats = rank + (long long) slots * units;
    for (int i = threadIdx.x; i < slots * TILE; i += 128) {
        const int p = i / slots, slot = i % slots;
        const long long row = first + p;
        const float value = slot >= rank ? 1.0f : row < rows ? u[row * row_floats + slot] : 0.0f;
        a[slot * STRIDE + p] = value;
        if (factors != 0 && blockIdx.y == 0 && row < rows) factors[row * slots + slot] = value;
    }
    __syncthreads();
    const int j = blockIdx.y * TILE + threadIdx.x % 32, held = threadIdx.x / 32 * HELD;
    if (j >= units) return;
    float score[HELD], square[HELD];
    for (int i = 0; i < HELD; i++) score[i] = square[i] = 0.0f;
    const float* g = gram + j;
    for (int r = 0; r < slots; r++) {
        float h[HELD];
#pragma unroll
        for (int i = 0; i < HELD; i++) h[i] = 0.0f;
        if (norm != WB) {
            for (int s = r; s < slots; s++, g += units) {
                const float value = *g;
                const float4 low = *(const float4*) &a[s * STRIDE + held], high = *(const float4*) &a[s * STRIDE + held + 4];
                h[0] += value * low.x;
                h[1] += value * low.y;
                h[2] += value * low.z;
                h[3] += value * low.w;
                h[4] += value * high.x;
                h[5] += value * high.y;
                h[6] += value * high.z;
                h[7] += value * high.w;
            }
        }
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            const long long row = first + held + i;
            const float value = a[r * STRIDE + held + i];
            square[i] += value * h[i];
            if (row < rows) score[i] += value * u[row * row_floats + rank + r * units + j];
        }
    }
#pragma unroll
    for (int i = 0; i < HELD; i++) {
        const long long row = first + held + i;
        if (row >= rows) continue;
        /* Rounding can take a form that is never negative below zero. */
        const float by = norm == WB ? q[row] : square[i] < 0.0f ? 0.0f : square[i];
        y[row * units + j] = score[i] * factor(norm, by, norm == WB ? frobenius[j] : 0.0f);
        if (q != 0 && norm != WB) q[row * units + j] = by;
    }
}

/* L2, S > P. The same from the dynamic weights, applied to patches (m, P). a (m, stride) begins with the R factors that they are
 * made of; factors and q may be null. */
extern "C" __global__ __launch_bounds__(128)
void direct_forward(float* __restrict__ y, float* __restrict__ factors, float* __restrict__ q, const float* __restrict__ a,
                    int stride, const float* __restrict__ patches, const float* __restrict__ w, int patch, int rank, int slots,
                    int units, long long rows) {
    __shared__ __align__(16) float shared[SLOTS * STRIDE];
    const long long first = (long long) blockIdx.x * TILE;
    for (int i = threadIdx.x; i < slots * TILE; i += 128) {
        const int p = i / slots, slot = i % slots;
        const long long row = first + p;
        const float value = slot >= rank ? 1.0f : row < rows ? a[row * stride + slot] : 0.0f;
        shared[slot * STRIDE + p] = value;
        if (factors != 0 && blockIdx.y == 0 && row < rows) factors[row * slots + slot] = value;
    }
    __syncthreads();
    const int j = blockIdx.y * TILE + threadIdx.x % 32, held = threadIdx.x / 32 * HELD;
    if (j >= units) return;
    const long long begin = first + held;
    const int count = begin < rows ? (int) (rows - begin < HELD ? rows - begin : HELD) : 0;
    float score[HELD], square[HELD];
    for (int i = 0; i < HELD; i++) score[i] = square[i] = 0.0f;
    const float* column = w + rank + j;
    const float* applied = patches + begin * patch;
    for (int p = 0; p < patch; p++, applied++, column += rank) {
        float weight[HELD];
#pragma unroll
        for (int i = 0; i < HELD; i++) weight[i] = 0.0f;
        for (int s = 0; s < slots; s++, column += units) {
            const float value = *column;
            const float4 low = *(const float4*) &shared[s * STRIDE + held], high = *(const float4*) &shared[s * STRIDE + held + 4];
            weight[0] += value * low.x;
            weight[1] += value * low.y;
            weight[2] += value * low.z;
            weight[3] += value * low.w;
            weight[4] += value * high.x;
            weight[5] += value * high.y;
            weight[6] += value * high.z;
            weight[7] += value * high.w;
        }
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            square[i] += weight[i] * weight[i];
            if (i < count) score[i] += weight[i] * applied[i * patch];
        }
    }
#pragma unroll
    for (int i = 0; i < HELD; i++) {
        if (i >= count) continue;
        y[(begin + i) * units + j] = score[i] * factor(L2, square[i], 0.0f);
        if (q != 0) q[(begin + i) * units + j] = square[i];
    }
}

/* One thread a position and unit: out = f s, with the factors and norms kept of another input. */
extern "C" __global__ __launch_bounds__(BLOCK)
void alignment_map(float* __restrict__ out, const float* __restrict__ u, const float* __restrict__ factors,
                   const float* __restrict__ q, const float* __restrict__ frobenius, int norm, int rank, int slots, int units,
                   long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units;
    const int j = (int) (i % units);
    const float* products = u + row * (rank + (long long) slots * units) + rank + j;
    float score = 0;
    for (int slot = 0; slot < slots; slot++) score += factors[row * slots + slot] * products[slot * units];
    out[i] = score * (norm == WB ? factor(norm, q[row], frobenius[j]) : factor(norm, q[i], 0.0f));
}

/* ---- Back ---- */

/* One thread a position, target and unit: t[slot, j] = g' a, of the targets from first on; dout is (N, T, positions, D). */
extern "C" __global__ __launch_bounds__(BLOCK)
void spread_targets(float* __restrict__ t, const float* __restrict__ dout, const float* __restrict__ factors,
                    const float* __restrict__ q, const float* __restrict__ frobenius, int norm, int slots, int units,
                    int positions, int targets, int first, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, image = (first + row / positions) / targets, from = image * positions + row % positions;
    const int j = (int) (i % units);
    const float g = dout[((long long) first * positions + row) * units + j]
            * (norm == WB ? factor(norm, q[from], frobenius[j]) : factor(norm, q[from * units + j], 0.0f));
    for (int slot = 0; slot < slots; slot++) t[(row * slots + slot) * units + j] = g * factors[from * slots + slot];
}

/* One thread a position and unit. Writes g' (m, D); t into columns R and up of gradient (m, L); and what the norm needs:
 * SQ, L2  curvature = e (m, D), moment = 2 e a (m, S D)        WB  curvature = g' s (m, D) */
extern "C" __global__ __launch_bounds__(BLOCK)
void alignment_gradients(float* __restrict__ scaled, float* __restrict__ gradient, float* __restrict__ curvature,
                         float* __restrict__ moment, const float* __restrict__ dout, const float* __restrict__ u,
                         const float* __restrict__ factors, const float* __restrict__ q, const float* __restrict__ frobenius,
                         int norm, int rank, int slots, int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, at = row * (rank + (long long) slots * units) + rank + i % units;
    const float* a = factors + row * slots;
    const int j = (int) (i % units);
    float s = 0;
    for (int slot = 0; slot < slots; slot++) s += a[slot] * u[at + (long long) slot * units];
    const float by = norm == WB ? q[row] : q[i];
    const float g = dout[i] * factor(norm, by, norm == WB ? frobenius[j] : 0.0f);
    scaled[i] = g;
    float e = g * s;
    if (norm != WB) {
        const float n = sqrtf(by), d = 1.0f + by;
        e = by == 0.0f ? 0.0f : dout[i] * s * (norm == SQ ? (1.0f - by) / (2.0f * d * d * n) : -1.0f / (2.0f * n * by));
    }
    curvature[i] = e;
    for (int slot = 0; slot < slots; slot++) {
        gradient[at + (long long) slot * units] = g * a[slot];
        if (norm != WB) moment[(row * slots + slot) * units + j] = 2.0f * e * a[slot];
    }
}

/* One warp a position and factor: da into the first R columns of gradient (m, L). z (m, pairs) = e times G, or null (WB). */
extern "C" __global__ __launch_bounds__(BLOCK)
void factor_gradients(float* __restrict__ gradient, const float* __restrict__ scaled, const float* __restrict__ u,
                      const float* __restrict__ factors, const float* __restrict__ z, int rank, int slots, int units,
                      long long count) {
    const long long i = (long long) blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    const int lane = threadIdx.x % 32, r = (int) (i % rank);
    const long long row = i / rank, row_floats = rank + (long long) slots * units;
    float sum = 0;
    if (i < count) {
        const float* products = u + row * row_floats + rank + (long long) r * units;
        for (int j = lane; j < units; j += 32) sum += scaled[row * units + j] * products[j];
        const long long pairs = (long long) slots * (slots + 1) / 2;
        for (int s = lane; z != 0 && s < slots; s += 32) {
            const float value = z[row * pairs + (s < r ? pair_of(s, r, slots) : pair_of(r, s, slots))] * factors[row * slots + s];
            sum += s == r ? 2.0f * value : value;
        }
    }
    sum = warp_sum(sum);
    if (i < count && lane == 0) gradient[row * row_floats + r] = sum;
}

/* WB. One warp a row: -(sum over j of g' s) / q, or 0 where q is. */
extern "C" __global__ __launch_bounds__(BLOCK)
void patch_factors(float* __restrict__ out, const float* __restrict__ shares, const float* __restrict__ q, int units,
                   long long rows) {
    const long long row = (long long) blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    float sum = 0;
    for (int j = threadIdx.x % 32; row < rows && j < units; j += 32) sum += shares[row * units + j];
    sum = warp_sum(sum);
    if (row < rows && threadIdx.x % 32 == 0) out[row] = q[row] == 0.0f ? 0.0f : -sum / q[row];
}

/* WB. One block a unit: scale[j] -= (sum over rows of g' s) / F_j^2. */
extern "C" __global__ __launch_bounds__(BLOCK)
void unit_factors(float* __restrict__ scale, const float* __restrict__ shares, const float* __restrict__ frobenius, int units,
                  long long rows) {
    double sum = 0;
    for (long long row = threadIdx.x; row < rows; row += BLOCK) sum += shares[row * units + blockIdx.x];
    sum = block_sum<double, BLOCK>(sum);
    const float f = frobenius[blockIdx.x];
    if (threadIdx.x == 0 && f != 0.0f) scale[blockIdx.x] -= (float) (sum / ((double) f * f));
}

/* WB. One thread an entry of moments (S, S D): scale[j] aa. */
extern "C" __global__ __launch_bounds__(BLOCK)
void bounded_moments(float* __restrict__ moments, const float* __restrict__ scale, const float* __restrict__ aa, int units,
                     long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) moments[i] = scale[i % units] * aa[i / units];
}

/* WB. One warp an entry of mixed (R, R): the sum over j of scale[j] times the entry of its Gram matrix. */
extern "C" __global__ __launch_bounds__(BLOCK)
void mixed_grams(float* __restrict__ mixed, const float* __restrict__ scale, const float* __restrict__ gram, int rank,
                 int units) {
    const int i = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32, r = i / rank, s = i % rank;
    float sum = 0;
    if (i < rank * rank) {
        const float* g = gram + (r < s ? pair_of(r, s, rank) : pair_of(s, r, rank)) * units;
        for (int j = threadIdx.x % 32; j < units; j += 32) sum += scale[j] * g[j];
    }
    sum = warp_sum(sum);
    if (i < rank * rank && threadIdx.x % 32 == 0) mixed[i] = r == s ? sum : 0.5f * sum;
}

/* One thread an element of dw (P, L), what patches and gradients gave: adds it to the gradients of A, B and b, with the part
 * that comes through the norm: B_j M_j, M_j (S, S) in moments, or null where dw has it; and A times mixed, or null (all but
 * WB). */
extern "C" __global__ __launch_bounds__(BLOCK)
void add_weight_gradients(float* __restrict__ da, float* __restrict__ db, float* __restrict__ dbias,
                          const float* __restrict__ dw, const float* __restrict__ w, const float* __restrict__ moments,
                          const float* __restrict__ mixed, int rank, int slots, int units, long long count) {
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
