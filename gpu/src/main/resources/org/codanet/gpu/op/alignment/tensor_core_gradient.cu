/* tensor_core_gradient: the full gradient, from dynamic weights in accumulator registers. Neither w nor dw is ever written.
 *   w_i  (positions, D) = a B_i + b_i              for each patch entry i, computed in both kernels below; tensor_core.cuh    (1)
 *   dw_i (positions, D) = g' p_i + e w_i           g' = g f     e = 2 g s df/dq, 0 for WB                                    (2)
 *   da    += dw_i B_i^T        dp_i = sum over j of g' w_i                          tensor_core_gradient_positions           (3)
 *   dB_i^T = dw_i^T a          db_i = sum over positions of dw_i                    tensor_core_gradient_weights             (4)
 * A block of the first kernel owns positions and iterates over the weights; a block of the second owns weights and iterates over
 * the positions. So each keeps its sum in registers; the price is that w is computed twice. There are four products of P R D
 * multiply-adds a position, and three for WB, where (2) needs no w.
 * A slice is SLICE = 16 units, half a tile of tensor_core.cuh. M: m rounded up to whole stages of both kernels. D': D rounded
 * up to whole slices, R' = K_STEPS DEPTH. Beyond m, D and R everything is zero, so that the products need no bounds.
 *   fragments, transposed   tensor_core_weights.cu. The second kernel reads fragments as left operands of B_i^T a^T
 *   dscores, e (M, D')   g' and e       c (m, D) = g' s, WB alone       dfactors (splits, m, R)       dpatches (m, P)
 *   words (M, R' / VALUES)   the factors as operands      pairs (M / 2, R')   bfloat16: the same by pairs of rows
 * An accumulator holds (row g, columns 2 t and 2 t + 1) and serves as a left operand as it is: a product may sum its terms in any
 * order, so columns 2 t, 2 t + 1 are used as t, t + 4 of TF32; of bfloat16, a word holds two neighbours anyway.
 * Compiled with the defines of tensor_core.cuh, SLICE, SLICE_WORDS, TILES: 1 or 2 tiles a warp, STAGES: depth of the first kernel's
 * pipeline, ENTRIES: patch entries of its stage, STAGE_POSITIONS: positions of a stage of the second kernel, which has two stages.
 * Launch   gradient_coefficients, pack_factors, reduce_*: one thread an element, grid ceil(count / BLOCK).
 *          tensor_core_gradient_positions: grid (ceil(m / (WARPS 16 TILES)), splits), THREADS threads. A warp has 16 TILES
 *          positions: 4 K_STEPS TILES registers of a, VALUES times as many of da, 16 TILES of g' and e. The weights arrive in
 *          shared memory, one slice of an entry at a time.
 *          tensor_core_gradient_weights: grid (ceil(P / (WARPS TILES)), D' / SLICE, splits), THREADS threads. A warp has TILES
 *          entries of 16 units: 4 K_STEPS TILES registers of B_i^T, VALUES times as many of dB_i^T. All warps read each stage.
 * Split-K  splits > 1: a block of the first kernel sums over span patch entries, one of the second over span positions. The partial
 *          sums are reduced in a fixed order, by reduce_factor_gradients and reduce_weight_gradients.
 * Bound    With TILES 2, the first kernel issues 8 K_STEPS mma for an entry of a slice, and 2 K_STEPS 16-byte reads of shared
 *          memory. The second issues 4 K_STEPS (TF32) or 8 K_STEPS (bfloat16) mma for DEPTH positions, and as many 4-byte reads
 *          and 10 or 20 more. Shared memory keeps up with the tensor cores in the first kernel, and nearly in the second;
 *          the issue of all other instructions bounds both (docs/performance.md).
 * q = 0    g' = e = 0: that unit and position contribute nothing to the gradients. No atomics: same input, same bits. */

#include "alignment/scale.cuh"
#include "alignment/tensor_core.cuh"

#define COLUMNS (K_STEPS * DEPTH)        /* R' */
#define RANK_WORDS (COLUMNS / VALUES)
#define RANK_GROUPS (COLUMNS / 8)
#define SLICE_PAIR (2 * PAIR_WORDS)       /* fragments of two steps and one slice */
static_assert(SLICE == 16 && UNIT_TILE == 2 * SLICE, "a tile has two slices");
static_assert(SLICE_WORDS == K_STEPS * PAIR_WORDS, "Java and the kernels disagree on slices");

/* Converts accumulators to the left operand of the next product, which sums over their columns. VALUES neighbouring accumulators of
 * 8 columns make the operand of one mma. */
static __device__ __forceinline__ void left_operand(unsigned* a, float (*c)[4]) {
#if BF16
    a[0] = bf16_pair(c[0][0], c[0][1]);
    a[1] = bf16_pair(c[0][2], c[0][3]);
    a[2] = bf16_pair(c[1][0], c[1][1]);
    a[3] = bf16_pair(c[1][2], c[1][3]);
#else
    a[0] = tf32_rounded(c[0][0]);
    a[1] = tf32_rounded(c[0][2]);
    a[2] = tf32_rounded(c[0][1]);
    a[3] = tf32_rounded(c[0][3]);
#endif
}

/* One thread a position and unit of (M, D'). scores and dout (m, D), q (m, D) or, for WB, (m). c is null unless WB. */
extern "C" __global__ __launch_bounds__(BLOCK)
void gradient_coefficients(float* __restrict__ dscores, float* __restrict__ e, float* __restrict__ c,
                           const float* __restrict__ dout, const float* __restrict__ scores, const float* __restrict__ q,
                           const float* __restrict__ frobenius, int norm, int units, int padded, long long rows, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / padded;
    const int j = (int) (i % padded);
    float dscore = 0.0f, derivative = 0.0f;
    if (row < rows && j < units) {
        const long long at = row * units + j;
        const float by = norm == NORM_WB ? q[row] : q[at];
        dscore = dout[at] * scale_of(norm, by, norm == NORM_WB ? frobenius[j] : 0.0f);
        if (norm == NORM_WB) {
            c[at] = dscore * scores[at];
        } else {
            derivative = scale_derivative(norm, dout[at], scores[at], by);
        }
    }
    dscores[i] = dscore;
    e[i] = derivative;
}

/* One thread a word. factors (m, S). pairs is written for bfloat16, and null for TF32. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pack_factors(unsigned* __restrict__ words, unsigned* __restrict__ pairs, const float* __restrict__ factors, int rank,
                  int slots, long long rows, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / RANK_WORDS;
    words[i] = row < rows ? word(factors + row * slots, 1, (int) (i % RANK_WORDS) * VALUES, rank) : 0u;
#if BF16
    const long long first = i / COLUMNS * 2;
    const int r = (int) (i % COLUMNS);
    const float* at = factors + first * slots + r;
    pairs[i] = bf16_pair(r < rank && first < rows ? at[0] : 0.0f, r < rank && first + 1 < rows ? at[slots] : 0.0f);
#endif
}

/* Copies one entry of a slice to shared memory: the fragments of both products, then SLICE floats b_i. */
static __device__ __forceinline__ void fetch_entry(unsigned* to, const unsigned* fragments, const unsigned* transposed, int patch,
                                                   int p, int slice) {
    const unsigned* tile = fragments + ((long long) (slice / 2) * patch + p) * TILE_WORDS;
    const unsigned* other = transposed + ((long long) slice * patch + p) * SLICE_WORDS;
    for (int i = threadIdx.x * 4; i < SLICE_WORDS; i += THREADS * 4) {
        copy_16(to + i, tile + (i / SLICE_PAIR * 2 + slice % 2) * SLICE_PAIR + i % SLICE_PAIR);
        copy_16(to + SLICE_WORDS + i, other + i);
    }
    if (threadIdx.x < 4) {
        copy_16(to + 2 * SLICE_WORDS + threadIdx.x * 4, tile + FRAGMENT_WORDS + slice % 2 * SLICE + threadIdx.x * 4);
    }
}

/* Past the last entry of the split, continues with the first of the next slice. */
static __device__ __forceinline__ void wrap(int& slice, int& entry, int count) {
    if (entry >= count) {
        entry = 0;
        slice++;
    }
}

/* dfactors and dpatches are overwritten; dpatches may be null. factors (m, S), patches (m, P). */
extern "C" __global__ __launch_bounds__(THREADS, 2)
void tensor_core_gradient_positions(float* __restrict__ dfactors, float* __restrict__ dpatches, const float* __restrict__ patches,
                                    const float* __restrict__ factors, const float* __restrict__ dscores,
                                    const float* __restrict__ e, const unsigned* __restrict__ fragments,
                                    const unsigned* __restrict__ transposed, int patch, int rank, int slots, int padded, int span,
                                    int rows) {
    __shared__ __align__(16) unsigned stages[STAGES][ENTRIES][2 * SLICE_WORDS + SLICE];
    const int lane = threadIdx.x % WARP_SIZE, g = lane / 4, t = lane % 4;
    const int first = blockIdx.x * (WARPS * 16 * TILES) + threadIdx.x / WARP_SIZE * (16 * TILES);
    const int begin = blockIdx.y * span, count = min(span, patch - begin);
    const int slices = padded / SLICE;

    unsigned left[TILES][K_STEPS][4];
    float sum[TILES][RANK_GROUPS][4];
#pragma unroll
    for (int m = 0; m < TILES; m++) {
        load_left(left[m], factors, slots, first + m * 16, rows, rank, lane);
#pragma unroll
        for (int r8 = 0; r8 < RANK_GROUPS; r8++) sum[m][r8][0] = sum[m][r8][1] = sum[m][r8][2] = sum[m][r8][3] = 0.0f;
    }

    /* entry counts from the first of the split; all stages of a slice come before those of the next. */
    int slice = 0, entry = 0;
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        for (int i = 0; i < ENTRIES && slice < slices && entry + i < count; i++) {
            fetch_entry(stages[stage][i], fragments, transposed, patch, begin + entry + i, slice);
        }
        copies_end();
        entry += ENTRIES;
        wrap(slice, entry, count);
    }
    slice = entry = 0;
    /* Positions beyond the last read the last one again; they are not written. */
    const float* values = patches + (long long) min(first, rows - 1) * patch + begin;
    const int last = max(rows - 1 - first, 0);
    float gj[TILES][2][4], ej[TILES][2][4]; /* g' and e of the warp's positions and a slice */
    float mine[TILES][2];                   /* dp of the one of four entries that this lane writes */
    for (int step = 0; slice < slices; step++) {
        copies_arrived<STAGES - 2>();
        __syncthreads(); /* the stage has arrived for all threads, and all have left the one that is filled next */
        int next_slice = slice, next = entry;
#pragma unroll
        for (int stage = 0; stage < STAGES - 1; stage++) {
            next += ENTRIES;
            wrap(next_slice, next, count);
        }
#pragma unroll 1
        for (int i = 0; i < ENTRIES && next_slice < slices && next + i < count; i++) {
            fetch_entry(stages[(step + STAGES - 1) % STAGES][i], fragments, transposed, patch, begin + next + i, next_slice);
        }
        copies_end();
        if (entry == 0) {
#pragma unroll
            for (int m = 0; m < TILES; m++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const long long at = (long long) (first + m * 16 + i / 2 * 8 + g) * padded + slice * SLICE + i % 2 * 8 + 2 * t;
                    const float2 g2 = *(const float2*) (dscores + at), e2 = *(const float2*) (e + at);
                    gj[m][i % 2][i / 2 * 2] = g2.x;
                    gj[m][i % 2][i / 2 * 2 + 1] = g2.y;
                    ej[m][i % 2][i / 2 * 2] = e2.x;
                    ej[m][i % 2][i / 2 * 2 + 1] = e2.y;
                }
            }
        }
        if (first >= rows) {
            entry += ENTRIES;
            wrap(slice, entry, count);
            continue;
        }
#pragma unroll 1
        do {
            const unsigned* stage = stages[step % STAGES][entry % ENTRIES];
            float value[TILES][2], dp[TILES][2];
#pragma unroll
            for (int m = 0; m < TILES; m++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    value[m][half] = values[min(m * 16 + half * 8 + g, last) * patch + entry];
                    dp[m][half] = 0.0f;
                }
            }
            float dw[TILES][2][4];
#pragma unroll
            for (int n = 0; n < 2; n++) {
                const float2 b = *(const float2*) (stage + 2 * SLICE_WORDS + n * 8 + 2 * t);
                float w[TILES][4];
#pragma unroll
                for (int m = 0; m < TILES; m++) {
                    w[m][0] = w[m][2] = b.x;
                    w[m][1] = w[m][3] = b.y;
                }
#pragma unroll
                for (int pair = 0; pair < K_STEPS / 2; pair++) {
                    unsigned right[4];
                    read_16(right, stage + ((pair * 2 + n) * WARP_SIZE + lane) * 4);
#pragma unroll
                    for (int m = 0; m < TILES; m++) {
                        multiply(w[m], left[m][2 * pair], right);
                        multiply(w[m], left[m][2 * pair + 1], right + 2);
                    }
                }
#pragma unroll
                for (int m = 0; m < TILES; m++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        dp[m][i / 2] += gj[m][n][i] * w[m][i];
                        dw[m][n][i] = gj[m][n][i] * value[m][i / 2] + ej[m][n][i] * w[m][i];
                    }
                }
            }
            unsigned operand[TILES][2 / VALUES][4];
#pragma unroll
            for (int m = 0; m < TILES; m++) {
#pragma unroll
                for (int n = 0; n < 2 / VALUES; n++) left_operand(operand[m][n], &dw[m][n * VALUES]);
            }
#pragma unroll
            for (int block = 0; block < K_STEPS; block++) {
                unsigned right[4];
                read_16(right, stage + SLICE_WORDS + (block * WARP_SIZE + lane) * 4);
#pragma unroll
                for (int m = 0; m < TILES; m++) {
#if BF16
                    multiply(sum[m][2 * block], operand[m][0], right);
                    multiply(sum[m][2 * block + 1], operand[m][0], right + 2);
#else
                    multiply(sum[m][block], operand[m][0], right);
                    multiply(sum[m][block], operand[m][1], right + 2);
#endif
                }
            }
            if (dpatches != 0) {
                const int held = entry % 4;
                const bool writes = (held == 3 || entry + 1 == count) && t <= held;
#pragma unroll
                for (int m = 0; m < TILES; m++) {
#pragma unroll
                    for (int half = 0; half < 2; half++) {
                        float total = dp[m][half];
                        total += __shfl_xor_sync(0xffffffffu, total, 1);
                        total += __shfl_xor_sync(0xffffffffu, total, 2);
                        mine[m][half] = t == held ? total : mine[m][half];
                        const int row = m * 16 + half * 8 + g;
                        if (writes && row < rows - first) {
                            float* to = dpatches + (long long) first * patch + begin + (row * patch + entry - held + t);
                            *to = slice == 0 ? mine[m][half] : *to + mine[m][half];
                        }
                    }
                }
            }
            entry++;
        } while (entry % ENTRIES != 0 && entry < count);
        wrap(slice, entry, count);
    }
    copies_arrived<0>();

#pragma unroll
    for (int m = 0; m < TILES; m++) {
#pragma unroll
        for (int r8 = 0; r8 < RANK_GROUPS; r8++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = first + m * 16 + i / 2 * 8 + g, r = r8 * 8 + 2 * t + i % 2;
                if (row < rows && r < rank) dfactors[((long long) blockIdx.y * rows + row) * rank + r] = sum[m][r8][i];
            }
        }
    }
}

#define WORD_STRIDE (RANK_WORDS + 4)   /* 4 or 20 modulo 32: rows g, words t, and rows 2 t, words g, are in different banks */
#define PAIR_STRIDE (COLUMNS + 8)      /* 8 modulo 32: rows t, words g */
#define COEFFICIENTS (2 * SLICE + 4)   /* 4 modulo 32: rows 2 t, values g */
#define ENTRIES_A_BLOCK (WARPS * TILES)
#define VALUE_STRIDE (TILES == 2 ? 12 : 4)

/* A stage: positions with their factors as operands of both products, g' and e of the slice, and the patch entries of the block. */
struct PositionStage {
    unsigned words[STAGE_POSITIONS][WORD_STRIDE];
#if BF16
    unsigned pairs[STAGE_POSITIONS / 2][PAIR_STRIDE];
#endif
    float coefficients[STAGE_POSITIONS][COEFFICIENTS];
    float values[STAGE_POSITIONS][VALUE_STRIDE];
};

static __device__ __forceinline__ void fetch_stage(PositionStage& to, int from, const unsigned* words, const unsigned* pairs,
                                                   const float* dscores, const float* e, const float* patches, int patch, int p,
                                                   int padded, int rows) {
    for (int i = threadIdx.x; i < STAGE_POSITIONS * (RANK_WORDS / 4); i += THREADS) {
        const int row = i / (RANK_WORDS / 4), k = i % (RANK_WORDS / 4) * 4;
        copy_16(&to.words[row][k], words + (long long) (from + row) * RANK_WORDS + k);
    }
#if BF16
    for (int i = threadIdx.x; i < STAGE_POSITIONS / 2 * (COLUMNS / 4); i += THREADS) {
        const int row = i / (COLUMNS / 4), k = i % (COLUMNS / 4) * 4;
        copy_16(&to.pairs[row][k], pairs + (long long) (from / 2 + row) * COLUMNS + k);
    }
#endif
    for (int i = threadIdx.x; i < STAGE_POSITIONS * 8; i += THREADS) {
        const int row = i / 8, k = i % 4 * 4;
        const long long at = (long long) (from + row) * padded + blockIdx.y * SLICE + k;
        copy_16(&to.coefficients[row][i % 8 * 4], (i % 8 < 4 ? dscores : e) + at);
    }
    for (int i = threadIdx.x; i < STAGE_POSITIONS * ENTRIES_A_BLOCK; i += THREADS) {
        const int row = i / ENTRIES_A_BLOCK, k = i % ENTRIES_A_BLOCK;
        if (from + row < rows) {
            copy_4(&to.values[row][k], patches + (long long) (from + row) * patch + min(p + k, patch - 1));
        } else {
            to.values[row][k] = 0.0f;
        }
    }
}

/* partials (splits, P, S, D), overwritten. patches (m, P). has_e: whether e is not zero everywhere, so that (2) needs w. */
extern "C" __global__ __launch_bounds__(THREADS, 2)
void tensor_core_gradient_weights(float* __restrict__ partials, const float* __restrict__ patches,
                                  const unsigned* __restrict__ words, const unsigned* __restrict__ pairs,
                                  const float* __restrict__ dscores, const float* __restrict__ e,
                                  const unsigned* __restrict__ fragments, int has_e, int patch, int rank, int slots, int units,
                                  int padded, int span, int rows) {
    __shared__ __align__(16) PositionStage stages[2];
    const int warp = threadIdx.x / WARP_SIZE, lane = threadIdx.x % WARP_SIZE, g = lane / 4, t = lane % 4;
    const int entry = blockIdx.x * ENTRIES_A_BLOCK, slice = blockIdx.y;
    const int begin = blockIdx.z * span, stage_count = (min(span, rows - begin) + STAGE_POSITIONS - 1) / STAGE_POSITIONS;

    unsigned left[TILES][K_STEPS][4];
    float constant[TILES][2], sum[TILES][RANK_GROUPS][4], bias[TILES][2];
#pragma unroll
    for (int m = 0; m < TILES; m++) {
        /* Entries beyond the patch read the last one again; they are not written. */
        const int p = min(entry + warp * TILES + m, patch - 1);
        const unsigned* tile = fragments + ((long long) (slice / 2) * patch + p) * TILE_WORDS;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int n = slice % 2 * 2 + half;
            constant[m][half] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + g]);
            bias[m][half] = 0.0f;
#pragma unroll
            for (int pair = 0; pair < K_STEPS / 2; pair++) {
                unsigned both[4];
                read_16(both, tile + ((pair * GROUPS + n) * WARP_SIZE + lane) * 4);
                left[m][2 * pair][half] = both[0];
                left[m][2 * pair][2 + half] = both[1];
                left[m][2 * pair + 1][half] = both[2];
                left[m][2 * pair + 1][2 + half] = both[3];
            }
        }
#pragma unroll
        for (int r8 = 0; r8 < RANK_GROUPS; r8++) sum[m][r8][0] = sum[m][r8][1] = sum[m][r8][2] = sum[m][r8][3] = 0.0f;
    }

    fetch_stage(stages[0], begin, words, pairs, dscores, e, patches, patch, entry, padded, rows);
    copies_end();
    for (int step = 0; step < stage_count; step++) {
        copies_arrived<0>();
        __syncthreads(); /* the stage has arrived for all threads, and all have left the other */
        if (step + 1 < stage_count) {
            fetch_stage(stages[(step + 1) % 2], begin + (step + 1) * STAGE_POSITIONS, words, pairs, dscores, e, patches, patch,
                            entry, padded, rows);
        }
        copies_end();
        const PositionStage& stage = stages[step % 2];
#pragma unroll 1
        for (int block = 0; block < STAGE_POSITIONS / DEPTH && entry + warp * TILES < patch; block++) {
            float dw[TILES][VALUES][4];
#pragma unroll
            for (int n = 0; n < VALUES; n++) {
                const int row = block * DEPTH + n * 8;
                float w[TILES][4];
#pragma unroll
                for (int m = 0; m < TILES; m++) {
                    w[m][0] = w[m][1] = constant[m][0];
                    w[m][2] = w[m][3] = constant[m][1];
                }
                if (has_e) {
#pragma unroll
                    for (int step = 0; step < K_STEPS; step++) {
                        const unsigned* at = &stage.words[row + g][step * 8 + t];
                        const unsigned right[2] = {at[0], at[4]};
#pragma unroll
                        for (int m = 0; m < TILES; m++) multiply(w[m], left[m][step], right);
                    }
                }
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const float* at = &stage.coefficients[row + 2 * t + i % 2][i / 2 * 8 + g];
                    const float dscore = at[0], derivative = at[SLICE];
#pragma unroll
                    for (int m = 0; m < TILES; m++) {
                        dw[m][n][i] = dscore * stage.values[row + 2 * t + i % 2][warp * TILES + m] + derivative * w[m][i];
                        bias[m][i / 2] += dw[m][n][i];
                    }
                }
            }
            unsigned operand[TILES][4];
#pragma unroll
            for (int m = 0; m < TILES; m++) left_operand(operand[m], dw[m]);
#pragma unroll
            for (int r8 = 0; r8 < RANK_GROUPS; r8++) {
#if BF16
                const unsigned* at = &stage.pairs[block * 8 + t][r8 * 8 + g];
                const unsigned right[2] = {at[0], at[4 * PAIR_STRIDE]};
#else
                const unsigned* at = &stage.words[block * 8 + 2 * t][r8 * 8 + g];
                const unsigned right[2] = {at[0], at[WORD_STRIDE]};
#endif
#pragma unroll
                for (int m = 0; m < TILES; m++) multiply(sum[m][r8], operand[m], right);
            }
        }
    }
    copies_arrived<0>();

#pragma unroll
    for (int m = 0; m < TILES; m++) {
        const int p = entry + warp * TILES + m;
        float* to = partials + ((long long) blockIdx.z * patch + p) * slots * units;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int j = slice * SLICE + half * 8 + g;
            float total = bias[m][half];
            total += __shfl_xor_sync(0xffffffffu, total, 1);
            total += __shfl_xor_sync(0xffffffffu, total, 2);
            const bool writes = p < patch && j < units;
#pragma unroll
            for (int r8 = 0; r8 < RANK_GROUPS; r8++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const int r = r8 * 8 + 2 * t + i;
                    if (writes && r < rank) to[(long long) r * units + j] = sum[m][r8][2 * half + i];
                }
            }
            if (writes && slots > rank && t == 0) to[(long long) rank * units + j] = total;
        }
    }
}

/* One thread an element of dfactors (m, R): the sum over the splits. */
extern "C" __global__ __launch_bounds__(BLOCK)
void reduce_factor_gradients(float* __restrict__ dfactors, const float* __restrict__ partials, int splits, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float sum = 0.0f;
    for (int split = 0; split < splits; split++) sum += partials[split * count + i];
    dfactors[i] = sum;
}

/* One thread an element of (P, S, D): the sum over the splits, to columns R and up of dw (P, L); added to them if adds is 1. */
extern "C" __global__ __launch_bounds__(BLOCK)
void reduce_weight_gradients(float* __restrict__ dw, const float* __restrict__ partials, int splits, int rank, int spread, int adds,
                             long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float sum = 0.0f;
    for (int split = 0; split < splits; split++) sum += partials[split * count + i];
    float* to = dw + i / spread * (rank + spread) + rank + i % spread;
    *to = adds ? *to + sum : sum;
}
