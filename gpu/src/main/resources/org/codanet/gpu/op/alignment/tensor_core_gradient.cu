/* alignment_tiles_backward: the gradient with weights in registers. Neither a dynamic weight nor its gradient is ever written.
 *   w_i   (positions, D) = a B_i + b_i                     made again for one patch entry i after the other
 *   dw_i  (positions, D) = g' p_i + e w_i                  g' = g f      e = g s 2 df/dq, 0 for WB                     (1)
 *   da   += dw_i B_i^T       dp_i = sum over j of g' w_i                             tile_backward_rows              (2)
 *   dB_i^T = dw_i^T a        db_i = sum over positions of dw_i                       tile_backward_weights           (3)
 * A block of the first kernel owns positions and walks over the weights, one of the second owns weights and walks over the
 * positions: each keeps its sum in registers, at the price of making w once more in the second. Four products of P R D
 * multiply-adds a position then, three for WB, where (1) needs no w.
 * Units come in slices of 16, two to a tile of tensor_core_forward.cu. M: m rounded up to 128, D': D rounded up to 16, R' = STEPS
 * DEPTH: what is beyond m, D and R is zero, so that no product asks for bounds.
 *   tiles  B_i as pack_tiles of tensor_core_forward.cu lays it out: right operands of a B_i, and read as left ones those of B_i^T a^T
 *   across (D' / 16, P, SLICE_WORDS) right operands of dw_i B_i^T: by block of 1 (TF32) or 2 (bfloat16) times 8 of the rank and
 *          lane 4 words, of TF32 for units 2 t, 2 t + 1 and 8 + 2 t, 8 + 2 t + 1, of bfloat16 pairs of units 2 t and 8 + 2 t, twice
 *   scaled, curvature (M, D')   g' and e          words (M, R' / VALUES)   a          pairs (M / 2, R')   bfloat16: a, rows by twos
 * An accumulator (row g, columns 2 t and 2 t + 1) becomes a left operand as it stands: what is summed over may come in any
 * order, and 2 t, 2 t + 1 are taken for t, t + 4 of TF32; bfloat16 has two neighbours in a word anyway.
 * Compiled with STEPS, BFLOAT, HELD 1 or 2, STAGES stages of ENTRIES patch entries, ROWS positions of a stage.
 * Launch   pack_across, gradient_coefficients, gradient_factors, sum_*: one thread an element, BLOCK threads.
 *          tile_backward_rows: (ceil(m / (64 HELD)), ranges of span entries) blocks of 128 threads: a warp has 16 HELD positions;
 *          4 STEPS HELD registers of a, as many times VALUES of da, 16 HELD of g' and e; of the weights a slice of an entry at a
 *          time comes to shared memory. da is written for each range, then summed over the ranges in order.
 *          tile_backward_weights: (ceil(P / (4 HELD)), D' / 16, ranges of span positions) blocks of 128 threads: a warp has HELD
 *          entries of 16 units; 4 STEPS HELD registers of B_i^T, as many times VALUES of dB_i^T; ROWS positions at a time come
 *          to shared memory, which all 4 warps read. dB is written for each range, then summed over the ranges in order.
 * Bound    For HELD 2 a warp has, by positions, 8 STEPS matrix instructions for an entry of a slice, against 2 STEPS 16-byte reads
 *          of shared memory; by weights, for DEPTH positions, 4 STEPS of TF32 and 8 STEPS of bfloat16, against 4 STEPS or 8 STEPS 4-byte
 *          reads and 10 or 20 more. Shared memory keeps up with the matrix units in the first and not quite in the second; the
 *          instructions around the products, which TF32 has for half the arithmetic, come before either.
 * q = 0    g' = e = 0, so nothing comes through that unit and position. No atomics: same input, same bits. */

#include "alignment/scale.cuh"
#include "alignment/tensor_core.cuh"

#define SLICE 16
#define SLICE_WORDS (STEPS * 128)
#define COLUMNS (STEPS * DEPTH)
#define RANK_WORDS (COLUMNS / VALUES)
#define RANK_TILES (COLUMNS / 8)
#define THREADS 128

/* The accumulators of VALUES neighbouring tiles of 8 along what is summed over next, as left operands of 1 (bfloat16) or of the
 * one of TF32. */
static __device__ __forceinline__ void left_operand(unsigned* a, float (*c)[4]) {
#if BFLOAT
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

static __device__ __forceinline__ void read_16(unsigned* to, const unsigned* from) {
    const float4 words = *(const float4*) from;
    to[0] = __float_as_uint(words.x);
    to[1] = __float_as_uint(words.y);
    to[2] = __float_as_uint(words.z);
    to[3] = __float_as_uint(words.w);
}

/* From the packed weights W (P, L) of forward.cu. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pack_across(unsigned* __restrict__ across, const float* __restrict__ w, int patch, int rank, int slots, int units,
                 long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int at = (int) (i % SLICE_WORDS), part = at % 4, lane = at / 4 % 32, block = at / 128;
    const long long p = i / SLICE_WORDS % patch;
    const int first = (int) (i / SLICE_WORDS / patch) * SLICE;
#if BFLOAT
    const int r = (2 * block + part / 2) * 8 + lane / 4, j = first + part % 2 * 8 + 2 * (lane % 4);
#else
    const int r = block * 8 + lane / 4, j = first + part / 2 * 8 + 2 * (lane % 4) + part % 2;
#endif
    across[i] = r < rank ? word(w + p * (rank + (long long) slots * units) + rank + (long long) r * units, 1, j, units) : 0u;
}

/* One thread a position and unit of (M, D'). scores and dout (m, D), q as for alignment_forward. shares (m, D) = g' s, WB alone. */
extern "C" __global__ __launch_bounds__(BLOCK)
void gradient_coefficients(float* __restrict__ scaled, float* __restrict__ curvature, float* __restrict__ shares,
                           const float* __restrict__ dout, const float* __restrict__ scores, const float* __restrict__ q,
                           const float* __restrict__ frobenius, int norm, int units, int padded, long long rows,
                           long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / padded;
    const int j = (int) (i % padded);
    float g = 0.0f, e = 0.0f;
    if (row < rows && j < units) {
        const long long at = row * units + j;
        const float by = norm == WB ? q[row] : q[at];
        g = dout[at] * factor(norm, by, norm == WB ? frobenius[j] : 0.0f);
        if (norm == WB) {
            shares[at] = g * scores[at];
        } else {
            const float n = sqrtf(by), d = 1.0f + by;
            e = by == 0.0f ? 0.0f : dout[at] * scores[at] * (norm == SQ ? (1.0f - by) / (d * d * n) : -1.0f / (n * by));
        }
    }
    scaled[i] = g;
    curvature[i] = e;
}

/* One thread a word. factors (m, S); pairs is read of bfloat16 alone. */
extern "C" __global__ __launch_bounds__(BLOCK)
void gradient_factors(unsigned* __restrict__ words, unsigned* __restrict__ pairs, const float* __restrict__ factors, int rank,
                      int slots, long long rows, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / RANK_WORDS;
    words[i] = row < rows ? word(factors + row * slots, 1, (int) (i % RANK_WORDS) * VALUES, rank) : 0u;
#if BFLOAT
    const long long first = i / COLUMNS * 2;
    const int r = (int) (i % COLUMNS);
    const float* at = factors + first * slots + r;
    pairs[i] = bf16_pair(r < rank && first < rows ? at[0] : 0.0f, r < rank && first + 1 < rows ? at[slots] : 0.0f);
#endif
}

/* One entry of a slice: the fragments of both products, then 16 b. */
static __device__ __forceinline__ void fetch_entry(unsigned* to, const unsigned* tiles, const unsigned* across, int patch, int p,
                                                   int slice) {
    const unsigned* tile = tiles + ((long long) (slice / 2) * patch + p) * TILE_WORDS;
    const unsigned* other = across + ((long long) slice * patch + p) * SLICE_WORDS;
    for (int i = threadIdx.x * 4; i < SLICE_WORDS; i += THREADS * 4) {
        copy_16(to + i, tile + (i / 256 * 2 + slice % 2) * 256 + i % 256);
        copy_16(to + SLICE_WORDS + i, other + i);
    }
    if (threadIdx.x < 4) {
        copy_16(to + 2 * SLICE_WORDS + threadIdx.x * 4, tile + FRAGMENT_WORDS + slice % 2 * SLICE + threadIdx.x * 4);
    }
}

/* From behind the last entry of a range to the first of the next slice. */
static __device__ __forceinline__ void wrap(int& slice, int& entry, int count) {
    if (entry >= count) {
        entry = 0;
        slice++;
    }
}

/* dfactors (ranges, m, R) and dpatches (m, P), overwritten; dpatches may be null. factors (m, S), patches (m, P). */
extern "C" __global__ __launch_bounds__(THREADS, 2)
void tile_backward_rows(float* __restrict__ dfactors, float* __restrict__ dpatches, const float* __restrict__ patches,
                        const float* __restrict__ factors, const float* __restrict__ scaled,
                        const float* __restrict__ curvature, const unsigned* __restrict__ tiles,
                        const unsigned* __restrict__ across, int patch, int rank, int slots, int padded, int span, int rows) {
    __shared__ __align__(16) unsigned stages[STAGES][ENTRIES][2 * SLICE_WORDS + SLICE];
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const int first = blockIdx.x * (64 * HELD) + threadIdx.x / 32 * (16 * HELD);
    const int begin = blockIdx.y * span, count = min(span, patch - begin);
    const int slices = padded / SLICE;

    unsigned left[HELD][STEPS][4];
    float sum[HELD][RANK_TILES][4];
#pragma unroll
    for (int m = 0; m < HELD; m++) {
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = first + m * 16 + g + i % 2 * 8, k = step * DEPTH + i / 2 * (DEPTH / 2) + t * VALUES;
                left[m][step][i] = row < rows ? word(factors + (long long) row * slots, 1, k, rank) : 0u;
            }
        }
#pragma unroll
        for (int q = 0; q < RANK_TILES; q++) sum[m][q][0] = sum[m][q][1] = sum[m][q][2] = sum[m][q][3] = 0.0f;
    }

    /* Entries are counted from the range's first on, the slice's stages one after the other. */
    int slice = 0, entry = 0;
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        for (int i = 0; i < ENTRIES && slice < slices && entry + i < count; i++) {
            fetch_entry(stages[stage][i], tiles, across, patch, begin + entry + i, slice);
        }
        copies_end();
        entry += ENTRIES;
        wrap(slice, entry, count);
    }
    slice = entry = 0;
    /* The last position again where there are no more; it is not written. */
    const float* values = patches + (long long) min(first, rows - 1) * patch + begin;
    const int last = max(rows - 1 - first, 0);
    float scale[HELD][2][4], bend[HELD][2][4]; /* g' and e of the warp's positions and a slice */
    float mine[HELD][2];                       /* dp of the entry, of four, that this lane writes */
    for (int step = 0; slice < slices; step++) {
        copies_arrived<STAGES - 2>();
        __syncthreads(); /* all have the stage, and are done with the one that is filled next */
        int next_slice = slice, next = entry;
#pragma unroll
        for (int stage = 0; stage < STAGES - 1; stage++) {
            next += ENTRIES;
            wrap(next_slice, next, count);
        }
#pragma unroll 1
        for (int i = 0; i < ENTRIES && next_slice < slices && next + i < count; i++) {
            fetch_entry(stages[(step + STAGES - 1) % STAGES][i], tiles, across, patch, begin + next + i, next_slice);
        }
        copies_end();
        if (entry == 0) {
#pragma unroll
            for (int m = 0; m < HELD; m++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const long long at = (long long) (first + m * 16 + i / 2 * 8 + g) * padded + slice * SLICE + i % 2 * 8 + 2 * t;
                    const float2 s = *(const float2*) (scaled + at), c = *(const float2*) (curvature + at);
                    scale[m][i % 2][i / 2 * 2] = s.x;
                    scale[m][i % 2][i / 2 * 2 + 1] = s.y;
                    bend[m][i % 2][i / 2 * 2] = c.x;
                    bend[m][i % 2][i / 2 * 2 + 1] = c.y;
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
            float value[HELD][2], dp[HELD][2];
#pragma unroll
            for (int m = 0; m < HELD; m++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    value[m][half] = values[min(m * 16 + half * 8 + g, last) * patch + entry];
                    dp[m][half] = 0.0f;
                }
            }
            float dw[HELD][2][4];
#pragma unroll
            for (int n = 0; n < 2; n++) {
                const float2 b = *(const float2*) (stage + 2 * SLICE_WORDS + n * 8 + 2 * t);
                float w[HELD][4];
#pragma unroll
                for (int m = 0; m < HELD; m++) {
                    w[m][0] = w[m][2] = b.x;
                    w[m][1] = w[m][3] = b.y;
                }
#pragma unroll
                for (int pair = 0; pair < STEPS / 2; pair++) {
                    unsigned right[4];
                    read_16(right, stage + ((pair * 2 + n) * 32 + lane) * 4);
#pragma unroll
                    for (int m = 0; m < HELD; m++) {
                        multiply(w[m], left[m][2 * pair], right);
                        multiply(w[m], left[m][2 * pair + 1], right + 2);
                    }
                }
#pragma unroll
                for (int m = 0; m < HELD; m++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        dp[m][i / 2] += scale[m][n][i] * w[m][i];
                        dw[m][n][i] = scale[m][n][i] * value[m][i / 2] + bend[m][n][i] * w[m][i];
                    }
                }
            }
            unsigned operand[HELD][2 / VALUES][4];
#pragma unroll
            for (int m = 0; m < HELD; m++) {
#pragma unroll
                for (int n = 0; n < 2 / VALUES; n++) left_operand(operand[m][n], &dw[m][n * VALUES]);
            }
#pragma unroll
            for (int block = 0; block < STEPS; block++) {
                unsigned right[4];
                read_16(right, stage + SLICE_WORDS + (block * 32 + lane) * 4);
#pragma unroll
                for (int m = 0; m < HELD; m++) {
#if BFLOAT
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
                for (int m = 0; m < HELD; m++) {
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
    for (int m = 0; m < HELD; m++) {
#pragma unroll
        for (int q = 0; q < RANK_TILES; q++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = first + m * 16 + i / 2 * 8 + g, r = q * 8 + 2 * t + i % 2;
                if (row < rows && r < rank) dfactors[((long long) blockIdx.y * rows + row) * rank + r] = sum[m][q][i];
            }
        }
    }
}

#define WORD_STRIDE (RANK_WORDS + 4)   /* 4 or 20 modulo 32: rows g, words t, and rows 2 t, words g, lie in different banks */
#define PAIR_STRIDE (COLUMNS + 8)      /* 8 modulo 32: rows t, words g */
#define COEFFICIENTS (2 * SLICE + 4)   /* 4 modulo 32: rows 2 t, values g */
#define VALUE_STRIDE (HELD == 2 ? 12 : 4)

/* ROWS positions for all warps: their factors in the order or orders of both products, g' and e of the slice, the entries. */
struct positions {
    unsigned words[ROWS][WORD_STRIDE];
#if BFLOAT
    unsigned pairs[ROWS / 2][PAIR_STRIDE];
#endif
    float coefficients[ROWS][COEFFICIENTS];
    float values[ROWS][VALUE_STRIDE];
};

static __device__ __forceinline__ void fetch_positions(positions& to, int from, const unsigned* words,
                                                       const unsigned* pairs, const float* scaled, const float* curvature,
                                                       const float* patches, int patch, int p, int padded, int rows) {
    for (int i = threadIdx.x; i < ROWS * (RANK_WORDS / 4); i += THREADS) {
        const int row = i / (RANK_WORDS / 4), k = i % (RANK_WORDS / 4) * 4;
        copy_16(&to.words[row][k], words + (long long) (from + row) * RANK_WORDS + k);
    }
#if BFLOAT
    for (int i = threadIdx.x; i < ROWS / 2 * (COLUMNS / 4); i += THREADS) {
        const int row = i / (COLUMNS / 4), k = i % (COLUMNS / 4) * 4;
        copy_16(&to.pairs[row][k], pairs + (long long) (from / 2 + row) * COLUMNS + k);
    }
#endif
    for (int i = threadIdx.x; i < ROWS * 8; i += THREADS) {
        const int row = i / 8, k = i % 4 * 4;
        const long long at = (long long) (from + row) * padded + blockIdx.y * SLICE + k;
        copy_16(&to.coefficients[row][i % 8 * 4], (i % 8 < 4 ? scaled : curvature) + at);
    }
    for (int i = threadIdx.x; i < ROWS * 4 * HELD; i += THREADS) {
        const int row = i / (4 * HELD), k = i % (4 * HELD);
        if (from + row < rows) {
            copy_4(&to.values[row][k], patches + (long long) (from + row) * patch + min(p + k, patch - 1));
        } else {
            to.values[row][k] = 0.0f;
        }
    }
}

/* parts (ranges, P, S, D), overwritten. patches (m, P). curved: whether there is an e, and so whether w is needed. */
extern "C" __global__ __launch_bounds__(THREADS, 2)
void tile_backward_weights(float* __restrict__ parts, const float* __restrict__ patches, const unsigned* __restrict__ words,
                           const unsigned* __restrict__ pairs, const float* __restrict__ scaled,
                           const float* __restrict__ curvature, const unsigned* __restrict__ tiles, int curved, int patch,
                           int rank, int slots, int units, int padded, int span, int rows) {
    __shared__ __align__(16) positions stages[2];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const int entry = blockIdx.x * (4 * HELD), slice = blockIdx.y;
    const int begin = blockIdx.z * span, steps = (min(span, rows - begin) + ROWS - 1) / ROWS;

    unsigned left[HELD][STEPS][4];
    float constant[HELD][2], sum[HELD][RANK_TILES][4], bias[HELD][2];
#pragma unroll
    for (int e = 0; e < HELD; e++) {
        /* The last entry again where there are no more; it is not written. */
        const int p = min(entry + warp * HELD + e, patch - 1);
        const unsigned* tile = tiles + ((long long) (slice / 2) * patch + p) * TILE_WORDS;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int n = slice % 2 * 2 + half;
            constant[e][half] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + g]);
            bias[e][half] = 0.0f;
#pragma unroll
            for (int pair = 0; pair < STEPS / 2; pair++) {
                unsigned both[4];
                read_16(both, tile + ((pair * GROUPS + n) * 32 + lane) * 4);
                left[e][2 * pair][half] = both[0];
                left[e][2 * pair][2 + half] = both[1];
                left[e][2 * pair + 1][half] = both[2];
                left[e][2 * pair + 1][2 + half] = both[3];
            }
        }
#pragma unroll
        for (int q = 0; q < RANK_TILES; q++) sum[e][q][0] = sum[e][q][1] = sum[e][q][2] = sum[e][q][3] = 0.0f;
    }

    fetch_positions(stages[0], begin, words, pairs, scaled, curvature, patches, patch, entry, padded, rows);
    copies_end();
    for (int step = 0; step < steps; step++) {
        copies_arrived<0>();
        __syncthreads(); /* all have the stage, and are done with the other */
        if (step + 1 < steps) {
            fetch_positions(stages[(step + 1) % 2], begin + (step + 1) * ROWS, words, pairs, scaled, curvature, patches, patch,
                            entry, padded, rows);
        }
        copies_end();
        const positions& stage = stages[step % 2];
#pragma unroll 1
        for (int block = 0; block < ROWS / DEPTH && entry + warp * HELD < patch; block++) {
            float dw[HELD][VALUES][4];
#pragma unroll
            for (int n = 0; n < VALUES; n++) {
                const int row = block * DEPTH + n * 8;
                float w[HELD][4];
#pragma unroll
                for (int e = 0; e < HELD; e++) {
                    w[e][0] = w[e][1] = constant[e][0];
                    w[e][2] = w[e][3] = constant[e][1];
                }
                if (curved) {
#pragma unroll
                    for (int step = 0; step < STEPS; step++) {
                        const unsigned* at = &stage.words[row + g][step * 8 + t];
                        const unsigned right[2] = {at[0], at[4]};
#pragma unroll
                        for (int e = 0; e < HELD; e++) multiply(w[e], left[e][step], right);
                    }
                }
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const float* at = &stage.coefficients[row + 2 * t + i % 2][i / 2 * 8 + g];
                    const float scale = at[0], bend = at[SLICE];
#pragma unroll
                    for (int e = 0; e < HELD; e++) {
                        dw[e][n][i] = scale * stage.values[row + 2 * t + i % 2][warp * HELD + e] + bend * w[e][i];
                        bias[e][i / 2] += dw[e][n][i];
                    }
                }
            }
            unsigned operand[HELD][4];
#pragma unroll
            for (int e = 0; e < HELD; e++) left_operand(operand[e], dw[e]);
#pragma unroll
            for (int q = 0; q < RANK_TILES; q++) {
#if BFLOAT
                const unsigned* at = &stage.pairs[block * 8 + t][q * 8 + g];
                const unsigned right[2] = {at[0], at[4 * PAIR_STRIDE]};
#else
                const unsigned* at = &stage.words[block * 8 + 2 * t][q * 8 + g];
                const unsigned right[2] = {at[0], at[WORD_STRIDE]};
#endif
#pragma unroll
                for (int e = 0; e < HELD; e++) multiply(sum[e][q], operand[e], right);
            }
        }
    }
    copies_arrived<0>();

#pragma unroll
    for (int e = 0; e < HELD; e++) {
        const int p = entry + warp * HELD + e;
        float* to = parts + ((long long) blockIdx.z * patch + p) * slots * units;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int j = slice * SLICE + half * 8 + g;
            float total = bias[e][half];
            total += __shfl_xor_sync(0xffffffffu, total, 1);
            total += __shfl_xor_sync(0xffffffffu, total, 2);
            const bool writes = p < patch && j < units;
#pragma unroll
            for (int q = 0; q < RANK_TILES; q++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const int r = q * 8 + 2 * t + i;
                    if (writes && r < rank) to[(long long) r * units + j] = sum[e][q][2 * half + i];
                }
            }
            if (writes && slots > rank && t == 0) to[(long long) rank * units + j] = total;
        }
    }
}

/* One thread an element of to (m, R): the sum over the ranges. */
extern "C" __global__ __launch_bounds__(BLOCK)
void sum_factor_gradients(float* __restrict__ to, const float* __restrict__ parts, int ranges, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float sum = 0.0f;
    for (int range = 0; range < ranges; range++) sum += parts[range * count + i];
    to[i] = sum;
}

/* One thread an element of parts' (P, S, D): the sum over the ranges, into columns R and up of dw (P, L), or added to these. */
extern "C" __global__ __launch_bounds__(BLOCK)
void sum_weight_gradients(float* __restrict__ dw, const float* __restrict__ parts, int ranges, int rank, int spread, int adds,
                          long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float sum = 0.0f;
    for (int range = 0; range < ranges; range++) sum += parts[range * count + i];
    float* to = dw + i / spread * (rank + spread) + rank + i % spread;
    *to = adds ? *to + sum : sum;
}
