/* alignment_tiles, weights in registers: the dynamic weights of a tile of positions and units come out of the matrix units, are
 * used for score and norm at once, and are never written.
 *   w_i (positions, D) = a (positions, R) B_i (R, D) + b_i          for one patch entry i after the other
 *   s += p_i w_i         q += w_i w_i         y = s f(q)            f as in forward.cu
 * B_i as fragments, once for each change of the weights: tiles (ceil(D / 32), P, TILE_WORDS) of 32-bit words, the pair of steps
 * kp, the group n of 8 units and the lane in this order, 4 words each: b0, b1 of step 2 kp and b0, b1 of step 2 kp + 1; then
 * the 32 units' b_i. Whatever is beyond R or D is zero.
 * Compiled with STEPS = ceil(R / K) made even, MT 1 or 2, BFLOAT 0 or 1, STAGES stages of ENTRIES patch entries, and CLASSES.
 * Launch   pack_tiles: one thread a word. tile_forward: (ceil(m / (64 MT)), ceil(D / 32), ranges of span entries) blocks of 128
 *          threads, 4 warps: a warp has 16 MT positions and all 32 units. The factors of its positions stay in its registers as
 *          a-fragments, STEPS 4 MT of them; tiles arrive in shared memory by asynchronous copies, STAGES - 1 stages ahead; one
 *          barrier a stage. tile_forward_few: the same with MT = 1. Where positions and units make few blocks, these share the
 *          patch out: parts of s and q are written for each range, and tile_finish, one thread an output, adds them in order.
 *          tile_back: (ceil(m / 64), ranges of span entries, ceil(T / CLASSES)) blocks of 128 threads: a warp has 16 positions,
 *          makes the weights of HELD patch entries at a time and uses them for CLASSES targets:
 *              dp_i (m, target) = sum over j g'_j w_ij      g' = g f      reduced over the four lanes that share a position
 * Bound    by the matrix units: 16 STEPS MT instructions of them for each entry and warp, against 32 MT multiply-adds a lane
 *          and 2 STEPS 16-byte reads of shared memory.
 * No atomics, sums over i in order: same input, same bits. */

#include "alignment/scale.cuh"
#include "alignment/tensor_core.cuh"

/* From the packed weights W (P, L) of forward.cu. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pack_tiles(unsigned* __restrict__ tiles, const float* __restrict__ w, int patch, int rank, int slots, int units,
                long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int at = (int) (i % TILE_WORDS);
    const long long p = i / TILE_WORDS % patch;
    const int first = (int) (i / TILE_WORDS / patch) * 32;
    const float* row = w + p * (rank + (long long) slots * units) + rank;
    if (at >= FRAGMENT_WORDS) {
        const int j = first + at - FRAGMENT_WORDS;
        tiles[i] = __float_as_uint(slots > rank && j < units ? row[(long long) rank * units + j] : 0.0f);
        return;
    }
    const int part = at % 4, lane = at / 4 % 32, group = at / 128 % GROUPS, pair = at / (128 * GROUPS);
    const int k = (2 * pair + part / 2) * DEPTH + part % 2 * (DEPTH / 2) + lane % 4 * VALUES, j = first + group * 8 + lane / 4;
    tiles[i] = j < units ? word(row + j, units, k, rank) : 0u;
}

/* The output y of a score s and of q, which is where the norm keeps it; q is written for the norms that find it here. */
static __device__ __forceinline__ void finish(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ q,
                                              const float* __restrict__ frobenius, int norm, int units, long long row, int j,
                                              float score, float square) {
    const float by = norm == WB ? q[row] : square;
    y[row * units + j] = score * factor(norm, by, norm == WB ? frobenius[j] : 0.0f);
    if (q != 0 && norm != WB) q[row * units + j] = by;
    if (scores != 0) scores[row * units + j] = score;
}

typedef unsigned Stage[ENTRIES][TILE_WORDS];

/* Begins to bring a stage to shared memory: whole, with addresses that the compiler knows, or what is left of the patch. */
static __device__ __forceinline__ void fetch(Stage* stage, const unsigned* __restrict__ from, int entries) {
    const int mine = threadIdx.x * 4; /* signed, as what is left is below 0 behind the last stage */
    unsigned* to = &(*stage)[0][0] + mine;
    from += mine;
    if (entries >= ENTRIES) {
#pragma unroll
        for (int i = 0; i < ENTRIES * TILE_WORDS / 512; i++) copy_16(to + i * 512, from + i * 512);
        const int rest = ENTRIES * TILE_WORDS / 512 * 512;
        if (rest + mine < ENTRIES * TILE_WORDS) copy_16(to + rest, from + rest);
    } else {
#pragma unroll 1
        for (int i = 0; i + mine < entries * TILE_WORDS; i += 512) copy_16(to + i, from + i);
    }
    copies_end();
}

/* A block's share: M tiles of 16 positions a warp. */
template <int M>
static __device__ __forceinline__ void forward(Stage* stages, float* __restrict__ y, float* __restrict__ scores,
                                               float* __restrict__ factors, float* __restrict__ q, float* __restrict__ parts,
                                               const float* __restrict__ a, const float* __restrict__ patches,
                                               const unsigned* __restrict__ tiles, const float* __restrict__ frobenius, int norm,
                                               int patch, int rank, int stride, int slots, int units, int span,
                                               long long rows) {
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const long long first = (long long) blockIdx.x * (64 * M) + threadIdx.x / 32 * (16 * M);
    const int begin = blockIdx.z * span, count = min(span, patch - begin);
    const unsigned* from = tiles + ((long long) blockIdx.y * patch + begin) * TILE_WORDS;
    const int steps = (count + ENTRIES - 1) / ENTRIES;

    /* Beyond the last row the last one is read again; nothing is written for it. */
    const float* values[M][2];
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const long long row = min(first + m * 16 + half * 8 + g, rows - 1);
            values[m][half] = patches + row * patch + begin;
        }
    }
    unsigned left[M][STEPS][4];
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const long long row = first + m * 16 + g + i % 2 * 8;
                const int k = step * DEPTH + i / 2 * (DEPTH / 2) + t * VALUES;
                left[m][step][i] = row < rows ? word(a + row * stride, 1, k, rank) : 0u;
            }
        }
    }
    float score[M][GROUPS][4], square[M][GROUPS][4];
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int n = 0; n < GROUPS; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) score[m][n][i] = square[m][n][i] = 0.0f;
        }
    }

#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        fetch(stages + stage, from + stage * ENTRIES * TILE_WORDS, count - stage * ENTRIES);
    }
    for (int step = 0; step < steps; step++) {
        copies_arrived<STAGES - 2>();
        __syncthreads(); /* all have the stage, and are done with the one that is filled next */
        const int next = step + STAGES - 1;
        fetch(stages + next % STAGES, from + (long long) next * ENTRIES * TILE_WORDS, count - next * ENTRIES);
#pragma unroll 1
        for (int entry = 0; first < rows && entry < ENTRIES && step * ENTRIES + entry < count; entry++) {
            const unsigned* tile = stages[step % STAGES][entry];
            float p[M][2];
#pragma unroll
            for (int m = 0; m < M; m++) {
#pragma unroll
                for (int half = 0; half < 2; half++) p[m][half] = values[m][half][step * ENTRIES + entry];
            }
#pragma unroll
            for (int n = 0; n < GROUPS; n++) {
                const float b0 = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t]);
                const float b1 = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t + 1]);
                float w[M][4];
#pragma unroll
                for (int m = 0; m < M; m++) {
                    w[m][0] = w[m][2] = b0;
                    w[m][1] = w[m][3] = b1;
                }
#pragma unroll
                for (int pair = 0; pair < STEPS / 2; pair++) {
                    const float4 words4 = *(const float4*) (tile + ((pair * GROUPS + n) * 32 + lane) * 4);
                    const unsigned right[4] = {__float_as_uint(words4.x), __float_as_uint(words4.y), __float_as_uint(words4.z),
                                               __float_as_uint(words4.w)};
#pragma unroll
                    for (int m = 0; m < M; m++) {
                        multiply(w[m], left[m][2 * pair], right);
                        multiply(w[m], left[m][2 * pair + 1], right + 2);
                    }
                }
#pragma unroll
                for (int m = 0; m < M; m++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        score[m][n][i] += p[m][i / 2] * w[m][i];
                        square[m][n][i] += w[m][i] * w[m][i];
                    }
                }
            }
        }
    }
    copies_arrived<0>();

    if (factors != 0 && blockIdx.y == 0 && blockIdx.z == 0) {
        for (int i = lane; i < 16 * M * slots; i += 32) {
            const long long row = first + i / slots;
            const int slot = i % slots;
            if (row < rows) factors[row * slots + slot] = slot < rank ? a[row * stride + slot] : 1.0f;
        }
    }
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const long long row = first + m * 16 + half * 8 + g;
            if (row >= rows) continue;
#pragma unroll
            for (int n = 0; n < GROUPS; n++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const int j = blockIdx.y * 32 + n * 8 + 2 * t + i;
                    if (j >= units) continue;
                    const float s = score[m][n][2 * half + i], by = square[m][n][2 * half + i];
                    if (parts == 0) {
                        finish(y, scores, q, frobenius, norm, units, row, j, s, by);
                    } else {
                        float* to = parts + 2 * blockIdx.z * rows * units + row * units + j;
                        to[0] = s;
                        to[rows * units] = by;
                    }
                }
            }
        }
    }
}

/* a (m, stride), its first R columns; patches (m, P), of another input than a's for a map that is applied to it; y (m, D),
 * factors (m, S) and q as for alignment_forward; scores (m, D) may be null; parts (ranges, 2, m, D), null for one range. */
extern "C" __global__ __launch_bounds__(128, 2)
void tile_forward(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ factors, float* __restrict__ q,
                  float* __restrict__ parts, const float* __restrict__ a, const float* __restrict__ patches,
                  const unsigned* __restrict__ tiles, const float* __restrict__ frobenius, int norm, int patch, int rank,
                  int stride, int slots, int units, int span, long long rows) {
    __shared__ __align__(16) Stage stages[STAGES];
    forward<MT>(stages, y, scores, factors, q, parts, a, patches, tiles, frobenius, norm, patch, rank, stride, slots, units,
                span, rows);
}

extern "C" __global__ __launch_bounds__(128, 2)
void tile_forward_few(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ factors, float* __restrict__ q,
                      float* __restrict__ parts, const float* __restrict__ a, const float* __restrict__ patches,
                      const unsigned* __restrict__ tiles, const float* __restrict__ frobenius, int norm, int patch, int rank,
                      int stride, int slots, int units, int span, long long rows) {
    __shared__ __align__(16) Stage stages[STAGES];
    forward<1>(stages, y, scores, factors, q, parts, a, patches, tiles, frobenius, norm, patch, rank, stride, slots, units,
               span, rows);
}

extern "C" __global__ __launch_bounds__(BLOCK)
void tile_finish(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ q, const float* __restrict__ parts,
                 const float* __restrict__ frobenius, int norm, int ranges, int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float score = 0.0f, square = 0.0f;
#pragma unroll 8
    for (int range = 0; range < ranges; range++) {
        score += parts[2 * range * count + i];
        square += parts[(2 * range + 1) * count + i];
    }
    finish(y, scores, q, frobenius, norm, units, i / units, (int) (i % units), score, square);
}

#define HELD (STEPS > 8 ? 2 : 4)

/* One thread a position, target and unit: scaled = g f, (N, T, positions, D) as dout, from image first on. */
extern "C" __global__ __launch_bounds__(BLOCK)
void scale_targets(float* __restrict__ scaled, const float* __restrict__ dout, const float* __restrict__ q,
                   const float* __restrict__ frobenius, int norm, int units, int positions, int targets, int first,
                   long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long row = i / units, image = first + row / positions / targets, from = image * positions + row % positions;
    const int j = (int) (i % units);
    scaled[i] = dout[(long long) first * targets * positions * units + i]
            * (norm == WB ? factor(norm, q[from], frobenius[j]) : factor(norm, q[from * units + j], 0.0f));
}

/* factors (m, S); scaled (N, T, positions, D); dpatches (N, T, positions, P), overwritten; m = N positions. */
extern "C" __global__ __launch_bounds__(128, 2)
void tile_back(float* __restrict__ dpatches, const float* __restrict__ scaled, const float* __restrict__ factors,
               const unsigned* __restrict__ tiles, int patch, int rank, int slots, int units, int positions, int targets, int span,
               long long rows) {
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const long long first = (long long) blockIdx.x * 64 + threadIdx.x / 32 * 16;
    const int begin = blockIdx.y * span, end = min(patch, begin + span), target = blockIdx.z * CLASSES;
    unsigned left[STEPS][4];
#pragma unroll
    for (int step = 0; step < STEPS; step++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const long long row = first + g + i % 2 * 8;
            left[step][i] = row < rows ? word(factors + row * slots, 1, step * DEPTH + i / 2 * (DEPTH / 2) + t * VALUES, rank) : 0u;
        }
    }
    long long at[2]; /* row of (N, T, positions) that belongs to the first target of each of the two positions */
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const long long row = first + half * 8 + g < rows ? first + half * 8 + g : rows - 1;
        at[half] = (row / positions * targets + target) * positions + row % positions;
    }
    for (int entry = begin; entry < end; entry += HELD) {
        float dp[CLASSES][HELD][2];
#pragma unroll
        for (int c = 0; c < CLASSES; c++) {
#pragma unroll
            for (int i = 0; i < HELD; i++) dp[c][i][0] = dp[c][i][1] = 0.0f;
        }
#pragma unroll 1
        for (int group = 0; group < (units + 7) / 8; group++) {
            const int n = group % GROUPS, j = group * 8 + 2 * t;
            float w[HELD][4];
#pragma unroll
            for (int i = 0; i < HELD; i++) {
                /* The last entries are read again where there are no more; they are not written. */
                const long long p = entry + i < patch ? entry + i : patch - 1;
                const unsigned* tile = tiles + ((long long) (group / GROUPS) * patch + p) * TILE_WORDS;
                w[i][0] = w[i][2] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t]);
                w[i][1] = w[i][3] = __uint_as_float(tile[FRAGMENT_WORDS + n * 8 + 2 * t + 1]);
#pragma unroll
                for (int pair = 0; pair < STEPS / 2; pair++) {
                    const float4 words4 = *(const float4*) (tile + ((pair * GROUPS + n) * 32 + lane) * 4);
                    const unsigned right[4] = {__float_as_uint(words4.x), __float_as_uint(words4.y), __float_as_uint(words4.z),
                                               __float_as_uint(words4.w)};
                    multiply(w[i], left[2 * pair], right);
                    multiply(w[i], left[2 * pair + 1], right + 2);
                }
            }
#pragma unroll
            for (int half = 0; half < 2; half++) {
                /* One address that moves on: one for each target would not fit the registers. */
                const float* from = scaled + at[half] * units + j;
#pragma unroll
                for (int c = 0; c < CLASSES; c++, from += (long long) positions * units) {
                    if (target + c >= targets) break;
                    const float g0 = j < units ? from[0] : 0.0f, g1 = j + 1 < units ? from[1] : 0.0f;
#pragma unroll
                    for (int i = 0; i < HELD; i++) dp[c][i][half] += g0 * w[i][2 * half] + g1 * w[i][2 * half + 1];
                }
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            /* Of the four lanes that share a position, each writes one entry. */
            const bool writes = t < HELD && entry + t < end && first + half * 8 + g < rows;
            float* to = dpatches + at[half] * patch + entry + t;
#pragma unroll
            for (int c = 0; c < CLASSES; c++, to += (long long) positions * patch) {
                if (target + c >= targets) break;
                float mine = 0.0f;
#pragma unroll
                for (int i = 0; i < HELD; i++) {
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
