/* tensor_core_forward: scores, squared norms and outputs from dynamic weights in accumulator registers.
 *   w_i = a B_i + b_i          for each patch entry i, see tensor_core.cuh                                              (1)
 *   s += p_i w_i     q += w_i^2     y = s f(q)                        f in scale.cuh                                    (2)
 *   fragments (ceil(D / UNIT_TILE), P, TILE_WORDS)   tensor_core_weights.cu
 *   a (m, stride)   its first R columns are the factors      patches (m, P)   what the weights are applied to: for a frozen
 *                   map, those of another input than the one that a was computed from
 *   y (m, D)        factors (m, S)      scores (m, D)      q (m, D), WB: (m), read      partials (splits, 2, m, D)
 * factors, scores and q may be null: then they are not written.
 * Compiled with the defines of tensor_core.cuh, TILES: tiles of 16 positions a warp, STAGES: depth of the pipeline, and ENTRIES:
 * patch entries of a stage.
 * Launch   tensor_core_forward: grid (ceil(m / (WARPS 16 TILES)), ceil(D / UNIT_TILE), splits), THREADS threads. A warp has
 *          16 TILES positions and UNIT_TILE units. The left operand, the factors of its positions, stays in 4 K_STEPS TILES
 *          registers. Weight fragments arrive in shared memory by asynchronous copies, STAGES - 1 stages ahead; one barrier a
 *          stage.
 *          tensor_core_forward_one_tile: the same with one tile a warp, for twice the blocks.
 *          tensor_core_forward_reduce: one thread an output, grid ceil(m D / BLOCK).
 * Split-K  When there are too few (position, unit) tiles to fill the GPU, the reduction over the patch is split as well: each block
 *          writes partial sums of s and q for its span patch entries. tensor_core_forward_reduce adds them in a fixed order.
 * Bound    tensor cores and shared memory: 16 K_STEPS TILES mma for each entry and warp, against 32 TILES multiply-adds a lane and
 *          2 K_STEPS 16-byte reads of shared memory (docs/performance.md).
 * No atomics, the sums over i in order: same input, same bits. */

#include "alignment/scale.cuh"
#include "alignment/tensor_core.cuh"

#define COPY_WORDS (THREADS * 4) /* words that the threads of a block copy at once, 16 bytes each */

/* Writes (2). For WB q is the squared norm of the patch, and is read. */
static __device__ __forceinline__ void write_output(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ q,
                                                    const float* __restrict__ frobenius, int norm, int units, long long row, int j,
                                                    float score, float square) {
    const float by = norm == NORM_WB ? q[row] : square;
    y[row * units + j] = score * scale_of(norm, by, norm == NORM_WB ? frobenius[j] : 0.0f);
    if (q != 0 && norm != NORM_WB) q[row * units + j] = by;
    if (scores != 0) scores[row * units + j] = score;
}

typedef unsigned Stage[ENTRIES][TILE_WORDS];

/* Starts the copies of a stage. A whole stage has a constant size, so the loop is unrolled. The last stage may be shorter. Past the
 * end of the patch there is nothing to copy, and entries is negative. */
static __device__ __forceinline__ void fetch(Stage* stage, const unsigned* __restrict__ from, int entries) {
    const int mine = threadIdx.x * 4;
    unsigned* to = &(*stage)[0][0] + mine;
    from += mine;
    if (entries >= ENTRIES) {
#pragma unroll
        for (int i = 0; i < ENTRIES * TILE_WORDS / COPY_WORDS; i++) copy_16(to + i * COPY_WORDS, from + i * COPY_WORDS);
        const int rest = ENTRIES * TILE_WORDS / COPY_WORDS * COPY_WORDS;
        if (rest + mine < ENTRIES * TILE_WORDS) copy_16(to + rest, from + rest);
    } else {
#pragma unroll 1
        for (int i = 0; i + mine < entries * TILE_WORDS; i += COPY_WORDS) copy_16(to + i, from + i);
    }
    copies_end();
}

/* One block, with M tiles of 16 positions a warp. */
template <int M>
static __device__ __forceinline__ void forward(Stage* stages, float* __restrict__ y, float* __restrict__ scores,
                                               float* __restrict__ factors, float* __restrict__ q, float* __restrict__ partials,
                                               const float* __restrict__ a, const float* __restrict__ patches,
                                               const unsigned* __restrict__ fragments, const float* __restrict__ frobenius,
                                               int norm, int patch, int rank, int stride, int slots, int units, int span,
                                               long long rows) {
    const int lane = threadIdx.x % WARP_SIZE, g = lane / 4, t = lane % 4;
    const long long first = (long long) blockIdx.x * (WARPS * 16 * M) + threadIdx.x / WARP_SIZE * (16 * M);
    const int begin = blockIdx.z * span, count = min(span, patch - begin);
    const unsigned* from = fragments + ((long long) blockIdx.y * patch + begin) * TILE_WORDS;
    const int stage_count = (count + ENTRIES - 1) / ENTRIES;

    /* Rows beyond the last read the last one again; nothing is written for them. */
    const float* values[M][2];
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const long long row = min(first + m * 16 + half * 8 + g, rows - 1);
            values[m][half] = patches + row * patch + begin;
        }
    }
    unsigned left[M][K_STEPS][4];
#pragma unroll
    for (int m = 0; m < M; m++) load_left(left[m], a, stride, first + m * 16, rows, rank, lane);
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
    for (int step = 0; step < stage_count; step++) {
        copies_arrived<STAGES - 2>();
        __syncthreads(); /* the stage has arrived for all threads, and all have left the one that is filled next */
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
                for (int pair = 0; pair < K_STEPS / 2; pair++) {
                    unsigned right[4];
                    read_16(right, tile + ((pair * GROUPS + n) * WARP_SIZE + lane) * 4);
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
        for (int i = lane; i < 16 * M * slots; i += WARP_SIZE) {
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
                    const int j = blockIdx.y * UNIT_TILE + n * 8 + 2 * t + i;
                    if (j >= units) continue;
                    const float s = score[m][n][2 * half + i], by = square[m][n][2 * half + i];
                    if (partials == 0) {
                        write_output(y, scores, q, frobenius, norm, units, row, j, s, by);
                    } else {
                        float* to = partials + 2 * blockIdx.z * rows * units + row * units + j;
                        to[0] = s;
                        to[rows * units] = by;
                    }
                }
            }
        }
    }
}

extern "C" __global__ __launch_bounds__(THREADS, 2)
void tensor_core_forward(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ factors, float* __restrict__ q,
                         float* __restrict__ partials, const float* __restrict__ a, const float* __restrict__ patches,
                         const unsigned* __restrict__ fragments, const float* __restrict__ frobenius, int norm, int patch, int rank,
                         int stride, int slots, int units, int span, long long rows) {
    __shared__ __align__(16) Stage stages[STAGES];
    forward<TILES>(stages, y, scores, factors, q, partials, a, patches, fragments, frobenius, norm, patch, rank, stride, slots,
                   units, span, rows);
}

extern "C" __global__ __launch_bounds__(THREADS, 2)
void tensor_core_forward_one_tile(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ factors,
                                  float* __restrict__ q, float* __restrict__ partials, const float* __restrict__ a,
                                  const float* __restrict__ patches, const unsigned* __restrict__ fragments,
                                  const float* __restrict__ frobenius, int norm, int patch, int rank, int stride, int slots,
                                  int units, int span, long long rows) {
    __shared__ __align__(16) Stage stages[STAGES];
    forward<1>(stages, y, scores, factors, q, partials, a, patches, fragments, frobenius, norm, patch, rank, stride, slots, units,
               span, rows);
}

extern "C" __global__ __launch_bounds__(BLOCK)
void tensor_core_forward_reduce(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ q,
                                const float* __restrict__ partials, const float* __restrict__ frobenius, int norm, int splits,
                                int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float score = 0.0f, square = 0.0f;
#pragma unroll 8
    for (int split = 0; split < splits; split++) {
        score += partials[2 * split * count + i];
        square += partials[(2 * split + 1) * count + i];
    }
    write_output(y, scores, q, frobenius, norm, units, i / units, (int) (i % units), score, square);
}
