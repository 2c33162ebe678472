/* fused_weights: the operands of the fused form as tiles of bfloat16, in the order in which its kernels copy them (warpgroup.cuh).
 *   pack_forward_stream   FACTOR_STAGES tiles (R, 64) of A, then for each group of UNITS units GROUP_STAGES tiles (COLUMNS, 64): along
 *                         the depth the patch, then a and the constant 1; rows: (unit, rho) of B_j and G_j, then the units' biases
 *   pack_back_stream      for each block of BLOCK_COLUMNS entries of the patch: tiles (BLOCK_COLUMNS, 64) whose depth is the biases
 *                         of all units, then (unit, rho) of all units, then rho of A
 * The depth along the patch is (ky, kx, c) with 8 CHUNKS channels, padded with zeros.
 *   w (P, L)   packed weights       gram (S (S + 1) / 2, D)   layout in gram.cuh
 * Launch   one thread a chunk of 8 values. */

#include "alignment/gram.cuh"

#define GROUP_COLUMNS (UNITS * RANK)
#define FACTOR_STAGES ((K_PATCH + 3) / 4)
#define GROUP_STAGES ((K_PATCH + K_GRAM + 3) / 4)
#define TAPS (KERNEL * KERNEL)

/* Row of w for an entry of the padded patch; negative where there is padding. */
static __device__ __forceinline__ int patch_row(int entry) {
    const int tap = entry / (CHUNKS * 8), channel = entry % (CHUNKS * 8);
    return tap < TAPS && channel < CHANNELS ? tap * CHANNELS + channel : -1;
}

static __device__ __forceinline__ void store_chunk(unsigned char* __restrict__ to, const float* values) {
    float4 words;
    words.x = __uint_as_float(bf16_pair(values[0], values[1]));
    words.y = __uint_as_float(bf16_pair(values[2], values[3]));
    words.z = __uint_as_float(bf16_pair(values[4], values[5]));
    words.w = __uint_as_float(bf16_pair(values[6], values[7]));
    *(float4*) to = words;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void pack_forward_stream(unsigned char* __restrict__ stream, const float* __restrict__ w, const float* __restrict__ gram, int slots,
                         int units, long long count) {
    const long long index = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (index >= count) return;
    const int width = RANK + slots * units;
    long long at = index;
    const bool factors = at < (long long) FACTOR_STAGES * RANK * 8;
    int group = 0;
    if (!factors) {
        at -= (long long) FACTOR_STAGES * RANK * 8;
        group = (int) (at / (GROUP_STAGES * COLUMNS * 8));
        at %= GROUP_STAGES * COLUMNS * 8;
    }
    const int rows = factors ? RANK : COLUMNS, stage = (int) (at / (rows * 8)), row = (int) (at / 8 % rows);
    const int depth = stage * 64 + ((int) (at % 8) ^ (row & 7)) * 8;
    const int unit = row < GROUP_COLUMNS ? row / RANK : row - GROUP_COLUMNS, j = group * UNITS + unit;
    const int slot = row < GROUP_COLUMNS ? row % RANK : RANK;
    const bool real = factors || (unit < UNITS && j < units && slot < slots);
    float values[8];
    for (int i = 0; i < 8; i++) {
        const int entry = depth + i, left = entry - K_PATCH * 16, p = patch_row(entry);
        values[i] = 0.0f;
        if (left < 0 && real && p >= 0) {
            values[i] = w[(long long) p * width + (factors ? row : RANK + slot * units + j)];
        } else if (left >= 0 && real && left < slots && !factors) {
            const float pair = gram[(left < slot ? pair_of(left, slot, slots) : pair_of(slot, left, slots)) * units + j];
            values[i] = left == slot ? pair : 0.5f * pair;
        }
    }
    store_chunk(stream + index * 16, values);
}

extern "C" __global__ __launch_bounds__(BLOCK)
void pack_back_stream(unsigned char* __restrict__ stream, const float* __restrict__ w, int slots, int units, long long count) {
    const long long index = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (index >= count) return;
    const int width = RANK + slots * units, unit_tiles = (units * RANK + 63) / 64, bias_tiles = (units + 63) / 64;
    const int tiles = unit_tiles + bias_tiles + 1;
    const int row = (int) (index / 8 % BLOCK_COLUMNS), tile = (int) (index / (8 * BLOCK_COLUMNS) % tiles);
    const int block = (int) (index / ((long long) 8 * BLOCK_COLUMNS * tiles));
    const int p = patch_row(block * BLOCK_COLUMNS + row), first = ((int) (index % 8) ^ (row & 7)) * 8;
    float values[8];
    for (int i = 0; i < 8; i++) {
        int column = -1;
        if (tile < bias_tiles) {
            const int j = tile * 64 + first + i;
            if (j < units && slots > RANK) column = RANK + RANK * units + j;
        } else if (tile < bias_tiles + unit_tiles) {
            const int at = (tile - bias_tiles) * 64 + first + i, j = at / RANK;
            if (j < units) column = RANK + at % RANK * units + j;
        } else if (first + i < RANK) {
            column = first + i;
        }
        values[i] = p >= 0 && column >= 0 ? w[(long long) p * width + column] : 0.0f;
    }
    store_chunk(stream + index * 16, values);
}
