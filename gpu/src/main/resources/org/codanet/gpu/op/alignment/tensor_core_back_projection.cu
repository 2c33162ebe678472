/* tensor_core_back_projection: back-projects T targets to the patches, with dynamic weights in accumulator registers.
 *   w_i = a B_i + b_i                                for each patch entry i, see tensor_core.cuh                        (1)
 *   dp_i (positions, target) = sum over j of g'_j w_ij          g'_j = dout_j f_j                                       (2)
 * col2im then gives dx. f comes from the q that the forward pass left: the dynamic weights and their norms are constants here.
 *   fragments (ceil(D / UNIT_TILE), P, TILE_WORDS)   tensor_core_weights.cu      factors (m, S), m = N positions
 *   dout, dscores = g' (N, T, positions, D)          dpatches (N, T, positions, P), overwritten
 * Compiled with the defines of tensor_core.cuh, TARGETS: targets of a block, and ENTRIES: patch entries a warp computes at a time.
 * Launch   scale_targets: one thread an element of dscores, grid ceil(count / BLOCK).
 *          tensor_core_back_projection: grid (ceil(m / (WARPS 16)), ceil(P / span), ceil(T / TARGETS)), THREADS threads. A warp has
 *          16 positions. It computes the weights of ENTRIES patch entries once and applies them to TARGETS targets; the sum over
 *          j ends with a reduction over the four lanes that share a position.
 * Access   fragments come from global memory through the caches: each is read once by every block of WARPS 16 positions.
 * No atomics: same input, same bits. */

#include "alignment/scale.cuh"
#include "alignment/tensor_core.cuh"

/* One thread a position, target and unit, from image first on. q (all positions, D), WB: (all positions). */
extern "C" __global__ __launch_bounds__(BLOCK)
void scale_targets(float* __restrict__ dscores, const float* __restrict__ dout, const float* __restrict__ q,
                   const float* __restrict__ frobenius, int norm, int units, int positions, int targets, int first,
                   long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, image = first + row / positions / targets, from = image * positions + row % positions;
    const int j = (int) (i % units);
    dscores[i] = dout[(long long) first * targets * positions * units + i]
            * (norm == NORM_WB ? scale_of(norm, q[from], frobenius[j]) : scale_of(norm, q[from * units + j], 0.0f));
}

extern "C" __global__ __launch_bounds__(THREADS, 2)
void tensor_core_back_projection(float* __restrict__ dpatches, const float* __restrict__ dscores, const float* __restrict__ factors,
                                 const unsigned* __restrict__ fragments, int patch, int rank, int slots, int units, int positions,
                                 int targets, int span, long long rows) {
    const int lane = threadIdx.x % WARP_SIZE, g = lane / 4, t = lane % 4;
    const long long first = (long long) blockIdx.x * (WARPS * 16) + threadIdx.x / WARP_SIZE * 16;
    const int begin = blockIdx.y * span, end = min(patch, begin + span), target = blockIdx.z * TARGETS;
    unsigned left[K_STEPS][4];
    load_left(left, factors, slots, first, rows, rank, lane);
    long long at[2]; /* row of (N, T, positions) of the first target, for each of the lane's two positions */
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const long long row = first + half * 8 + g < rows ? first + half * 8 + g : rows - 1;
        at[half] = (row / positions * targets + target) * positions + row % positions;
    }
    for (int entry = begin; entry < end; entry += ENTRIES) {
        float dp[TARGETS][ENTRIES][2];
#pragma unroll
        for (int c = 0; c < TARGETS; c++) {
#pragma unroll
            for (int i = 0; i < ENTRIES; i++) dp[c][i][0] = dp[c][i][1] = 0.0f;
        }
#pragma unroll 1
        for (int group = 0; group < (units + 7) / 8; group++) {
            const int n = group % GROUPS, j = group * 8 + 2 * t;
            float w[ENTRIES][4];
#pragma unroll
            for (int i = 0; i < ENTRIES; i++) {
                /* Entries beyond the patch read the last one again; they are not written. */
                const long long p = entry + i < patch ? entry + i : patch - 1;
                const unsigned* tile = fragments + ((long long) (group / GROUPS) * patch + p) * TILE_WORDS;
                w[i][0] = w[i][2] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t]);
                w[i][1] = w[i][3] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t + 1]);
#pragma unroll
                for (int pair = 0; pair < K_STEPS / 2; pair++) {
                    unsigned right[4];
                    read_16(right, tile + ((pair * GROUPS + n) * WARP_SIZE + lane) * 4);
                    multiply(w[i], left[2 * pair], right);
                    multiply(w[i], left[2 * pair + 1], right + 2);
                }
            }
#pragma unroll
            for (int half = 0; half < 2; half++) {
                /* One pointer that advances: one pointer for each target would not fit the registers. */
                const float* from = dscores + at[half] * units + j;
#pragma unroll
                for (int c = 0; c < TARGETS; c++, from += (long long) positions * units) {
                    if (target + c >= targets) break;
                    const float g0 = j < units ? from[0] : 0.0f, g1 = j + 1 < units ? from[1] : 0.0f;
#pragma unroll
                    for (int i = 0; i < ENTRIES; i++) dp[c][i][half] += g0 * w[i][2 * half] + g1 * w[i][2 * half + 1];
                }
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            /* Each of the four lanes that share a position writes one entry. */
            const bool writes = t < ENTRIES && entry + t < end && first + half * 8 + g < rows;
            float* to = dpatches + at[half] * patch + entry + t;
#pragma unroll
            for (int c = 0; c < TARGETS; c++, to += (long long) positions * patch) {
                if (target + c >= targets) break;
                float mine = 0.0f;
#pragma unroll
                for (int i = 0; i < ENTRIES; i++) {
                    float sum = dp[c][i][half];
                    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
                    sum += __shfl_xor_sync(0xffffffffu, sum, 2);
                    mine = t == i ? sum : mine;
                }
                if (writes) *to = mine;
            }
        }
    }
}
