/* fused_elements: the elementwise kernels between the matrix products of the fused form.
 *   pack_input                 x (N, H, W, C) as bfloat16 with 8 CHUNKS channels, padded with zeros
 *   fused_col2im               dx = sum over the patches that an input position is in, and over the splits; padded patches (splits, m, PATCH)
 *   fused_coefficients         g' = g f and e of scale.cuh, (m, D), and as left operands of the weight gradient, bfloat16 (m, LEFT) and
 *                              (m, UNITS_64): D rounded up to UNITS_64 columns; in the first, da follows
 *   reduce_factor_gradient     da (m, R) = sum over the splits; also as bfloat16 in (m, LEFT)
 *   reduce_weight_gradient     sums of fused_weight_gradient over the splits, in the layout of packed weights: rows of patch entries,
 *                              columns of A (FACTORS of them), then of slots by unit
 * Compiled with RANK, LEFT, UNITS_64, CHUNKS, CHANNELS, KERNEL, STRIDE, PADDING
 * Launch   reduce_weight_gradient: a block of 32 x 8 threads has 32 columns and 32 entries, transposed in shared memory. pack_input: one
 *          thread a chunk of 8 channels. fused_coefficients, reduce_factor_gradient: one thread two columns, so that no two threads
 *          write halves of one word. fused_col2im: one thread an element. */

#include "alignment/scale.cuh"

#define PATCH (KERNEL * KERNEL * CHUNKS * 8)

extern "C" __global__ __launch_bounds__(BLOCK)
void pack_input(unsigned char* __restrict__ packed, const float* __restrict__ x, long long count) {
    const long long index = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (index >= count) return;
    const float* from = x + index / CHUNKS * CHANNELS;
    const int first = (int) (index % CHUNKS) * 8;
    float values[8];
    for (int i = 0; i < 8; i++) values[i] = first + i < CHANNELS ? from[first + i] : 0.0f;
    float4 words;
    words.x = __uint_as_float(bf16_pair(values[0], values[1]));
    words.y = __uint_as_float(bf16_pair(values[2], values[3]));
    words.z = __uint_as_float(bf16_pair(values[4], values[5]));
    words.w = __uint_as_float(bf16_pair(values[6], values[7]));
    *(float4*) (packed + index * 16) = words;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void fused_col2im(float* __restrict__ dx, const float* __restrict__ patches, int h, int w, int out_h, int out_w, int splits, int rows,
                  long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int channel = (int) (i % CHANNELS), ix = (int) (i / CHANNELS % w), iy = (int) (i / CHANNELS / w % h);
    const long long image = i / CHANNELS / w / h;
    float sum = 0.0f;
    for (int split = 0; split < splits; split++) {
        const float* from = patches + (long long) split * rows * PATCH + channel;
#pragma unroll
        for (int ky = 0; ky < KERNEL; ky++) {
            const int y = iy + PADDING - ky;
            if (y < 0 || y % STRIDE != 0 || y / STRIDE >= out_h) continue;
#pragma unroll
            for (int kx = 0; kx < KERNEL; kx++) {
                const int x = ix + PADDING - kx;
                if (x < 0 || x % STRIDE != 0 || x / STRIDE >= out_w) continue;
                sum += from[((image * out_h + y / STRIDE) * out_w + x / STRIDE) * PATCH + (ky * KERNEL + kx) * (CHUNKS * 8)];
            }
        }
    }
    dx[i] = sum;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void fused_coefficients(float* __restrict__ scaled, float* __restrict__ e, unsigned short* __restrict__ left,
                        unsigned short* __restrict__ e_left, const float* __restrict__ dout, const float* __restrict__ scores,
                        const float* __restrict__ q, int norm, int units, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int j = (int) (i % (UNITS_64 / 2)) * 2;
    const long long row = i / (UNITS_64 / 2), at = row * units + j;
    float value[2] = {0.0f, 0.0f}, derivative[2] = {0.0f, 0.0f};
#pragma unroll
    for (int k = 0; k < 2; k++) {
        if (j + k >= units) continue;
        value[k] = dout[at + k] * scale_of(norm, q[at + k], 0.0f);
        derivative[k] = scale_derivative(norm, dout[at + k], scores[at + k], q[at + k]);
        scaled[at + k] = value[k];
        e[at + k] = derivative[k];
    }
    *(unsigned*) (left + row * LEFT + j) = bf16_pair(value[0], value[1]);
    *(unsigned*) (e_left + row * UNITS_64 + j) = bf16_pair(derivative[0], derivative[1]);
}

extern "C" __global__ __launch_bounds__(BLOCK)
void reduce_factor_gradient(float* __restrict__ da, unsigned short* __restrict__ left, const float* __restrict__ partials, int splits,
                            long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    float sum[2] = {0.0f, 0.0f};
    for (int split = 0; split < splits; split++) {
        const float2 part = *(const float2*) (partials + 2 * (split * count + i));
        sum[0] += part.x;
        sum[1] += part.y;
    }
    *(float2*) (da + 2 * i) = make_float2(sum[0], sum[1]);
    *(unsigned*) (left + i / (RANK / 2) * LEFT + UNITS_64 + i % (RANK / 2) * 2) = bf16_pair(sum[0], sum[1]);
}

/* partials (splits, rows, width); out (entries, columns), entry p of it is column p / channels * padded + p % channels of partials. */
extern "C" __global__ __launch_bounds__(BLOCK)
void reduce_weight_gradient(float* __restrict__ out, const float* __restrict__ partials, int splits, int rows, int width, int entries,
                            int columns, int factors, int units, int channels, int padded, int adds) {
    __shared__ float tile[32][33];
    const int first_column = blockIdx.x * 32, first_entry = blockIdx.y * 32, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int unit_rows = (units * RANK + 63) / 64 * 64;
    const int entry = first_entry + lane;
    for (int i = warp; i < 32; i += BLOCK / 32) {
        const int column = first_column + i, slot = (column - factors) / units, j = (column - factors) % units;
        const int row = column < factors ? unit_rows + UNITS_64 + column : slot < RANK ? j * RANK + slot : unit_rows + j;
        float sum = 0.0f;
        if (column < columns && entry < entries) {
            const float* from = partials + (long long) row * width + entry / channels * padded + entry % channels;
            for (int split = 0; split < splits; split++) sum += from[(long long) split * rows * width];
        }
        tile[i][lane] = sum;
    }
    __syncthreads();
    for (int i = warp; i < 32; i += BLOCK / 32) {
        const int column = first_column + lane;
        if (first_entry + i >= entries || column >= columns) continue;
        float* to = out + (long long) (first_entry + i) * columns + column;
        *to = adds ? *to + tile[lane][i] : tile[lane][i];
    }
}
