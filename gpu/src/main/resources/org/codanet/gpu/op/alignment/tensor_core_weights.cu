/* tensor_core_weights: the weights in the order in which the tensor cores read them, once for each change of the weights.
 *   fragments  (ceil(D / UNIT_TILE), P, TILE_WORDS)   right operands of w_i = a B_i, for every pass. Order: pair kp of steps,
 *              group n, lane; 4 words each: b0, b1 of step 2 kp and b0, b1 of step 2 kp + 1; then the tile's UNIT_TILE floats b_i
 *   transposed (ceil(D / SLICE), P, SLICE_WORDS)      right operands of dw_i B_i^T, for the gradient. Order: block of 8 (TF32) or
 *              16 (bfloat16) of the rank, lane; 4 words each. TF32: units 2 t, 2 t + 1, 8 + 2 t, 8 + 2 t + 1; bfloat16: pairs of
 *              units at 2 t and 8 + 2 t, for 8 of the rank and for the next 8                     t = lane % 4
 * Values beyond the rank R and the units D are 0, so that the kernels that multiply need no bounds. w (P, L): packed_weights.cu.
 * Launch   one thread a word, grid ceil(count / BLOCK). */

#include "alignment/tensor_core.cuh"

extern "C" __global__ __launch_bounds__(BLOCK)
void pack_fragments(unsigned* __restrict__ fragments, const float* __restrict__ w, int patch, int rank, int slots, int units,
                    long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int at = (int) (i % TILE_WORDS);
    const long long p = i / TILE_WORDS % patch;
    const int first = (int) (i / TILE_WORDS / patch) * UNIT_TILE;
    const float* row = w + p * (rank + (long long) slots * units) + rank;
    if (at >= FRAGMENT_WORDS) {
        const int j = first + at - FRAGMENT_WORDS;
        fragments[i] = __float_as_uint(slots > rank && j < units ? row[(long long) rank * units + j] : 0.0f);
        return;
    }
    const int part = at % 4, lane = at / 4 % WARP_SIZE, group = at / PAIR_WORDS % GROUPS, pair = at / (PAIR_WORDS * GROUPS);
    const int k = (2 * pair + part / 2) * DEPTH + part % 2 * (DEPTH / 2) + lane % 4 * VALUES, j = first + group * 8 + lane / 4;
    fragments[i] = j < units ? word(row + j, units, k, rank) : 0u;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void pack_transposed(unsigned* __restrict__ transposed, const float* __restrict__ w, int patch, int rank, int slots, int units,
                     long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int at = (int) (i % SLICE_WORDS), part = at % 4, lane = at / 4 % WARP_SIZE, block = at / PAIR_WORDS;
    const long long p = i / SLICE_WORDS % patch;
    const int first = (int) (i / SLICE_WORDS / patch) * SLICE;
#if BF16
    const int r = (2 * block + part / 2) * 8 + lane / 4, j = first + part % 2 * 8 + 2 * (lane % 4);
#else
    const int r = block * 8 + lane / 4, j = first + part / 2 * 8 + 2 * (lane % 4) + part % 2;
#endif
    transposed[i] = r < rank ? word(w + p * (rank + (long long) slots * units) + rank + (long long) r * units, 1, j, units) : 0u;
}
