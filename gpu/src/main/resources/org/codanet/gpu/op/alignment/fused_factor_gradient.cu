/* fused_factor_gradient: the gradient of the factors, the forward pass's products with another epilogue.
 *   u_j = B_jᵀ p     h_j = G_j a     da = sum_j g'_j u_j + e_j h_j                                                       (1)
 * The sum over the units of a split stays in registers.
 *   x, stream        as in fused_forward.cu           packed (m, R + 16)   bfloat16 factors of the forward pass
 *   scaled, e (m, D) g' and e                         out (splits, m, R)
 * Launch   fused.cuh. No atomics, sums in a fixed order: same input, same bits. */

#include "warpgroup.cuh"
#include "alignment/ring.cuh"
#include "alignment/gather.cuh"
#include "alignment/fused.cuh"

/* Copies the factors of 64 positions to the tiles that the products with G read. */
static __device__ __forceinline__ void copy_factors(unsigned char* shared, const unsigned short* __restrict__ packed, int first, int rows) {
    const int group = threadIdx.x / 128 * 64;
    for (int i = threadIdx.x % 128; i < 64 * (RANK / 8); i += 128) {
        const int local = group + i / (RANK / 8), chunk = i % (RANK / 8);
        const int row = min(first + local, rows - 1);
        *(float4*) (shared + FACTORS_AT + chunk / 8 * TILE_BYTES + tile_chunk(local, chunk % 8)) =
                *(const float4*) (packed + (long long) row * PACKED + chunk * 8);
    }
    stores_visible_to_products();
    named_barrier<128>(1 + threadIdx.x / 128);
}

extern "C" __global__ __launch_bounds__(THREADS, 1)
void fused_factor_gradient(float* __restrict__ out, const float* __restrict__ scaled, const float* __restrict__ e,
                           const unsigned short* __restrict__ packed, const unsigned short* __restrict__ x,
                           const unsigned char* __restrict__ stream, int units, int h, int w, int out_h, int out_w, int factor_w,
                           int shift_w, int factor_h, int shift_h, int splits, int rows) {
    DYNAMIC_SHARED(shared, SHARED_BYTES);
    const Images images = {h, w, out_h, out_w, {(unsigned) factor_w, (unsigned) shift_w}, {(unsigned) factor_h, (unsigned) shift_h}};
    const Geometry at = {images, (units + UNITS - 1) / UNITS, splits, rows};
    initialise(shared);
    if (threadIdx.x >= 256) {
        fewer_registers<COPYING_REGISTERS>();
        if (threadIdx.x == 256) copy_weights(shared, stream, at, false);
        if (threadIdx.x >= 288) gather_patches(shared, x, at);
        return;
    }
    more_registers<REGISTERS>();
    const int group = threadIdx.x / 128, lane = threadIdx.x % WARP_SIZE, t = lane % 4;
    const int local = threadIdx.x / WARP_SIZE * 16 + lane / 4;
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    Weights weights = {barriers, shared_address(shared + STAGES_AT), {}};
    const unsigned factor_tiles = shared_address(shared + FACTORS_AT) + group * 64 * 128;
    const unsigned ones = shared_address(shared + ONES_AT);
    Ring<BUFFERS> ring;
    const int tiles = tiles_of(at);
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x, ring.next()) {
        const Work work = work_of(tile, at);
        const unsigned patches = shared_address(shared + PATCHES_AT) + ring.index * PATCH_BYTES + group * 64 * 128;
        const float *row_scaled[2], *row_e[2];
        float da[RANK / 2];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const long long row = min(work.first + local + 8 * half, rows - 1);
            row_scaled[half] = scaled + row * units;
            row_e[half] = e + row * units;
        }
#pragma unroll
        for (int i = 0; i < RANK / 2; i++) da[i] = 0.0f;
        copy_factors(shared, packed, work.first, rows);
        barrier_wait(&barriers->patches_full[ring.index], ring.parity);
#pragma unroll 1
        for (int unit_group = work.group; unit_group < work.end; unit_group++) {
            float u[COLUMNS / 2], h_[COLUMNS / 2], by_u[UNITS][2], by_h[UNITS][2];
#pragma unroll
            for (int i = 0; i < UNITS; i++) {
                const int j = unit_group * UNITS + i;
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    by_u[i][half] = j < units ? row_scaled[half][j] : 0.0f;
                    by_h[i][half] = j < units ? row_e[half][j] : 0.0f;
                }
            }
            multiply_group(u, h_, weights, patches, factor_tiles, ones);
#pragma unroll
            for (int unit = 0; unit < UNITS; unit++) {
#pragma unroll
                for (int i = 0; i < RANK / 2; i++) {
                    const int half = i / 2 % 2, from = unit * RANK / 2 + i;
                    da[i] += by_u[unit][half] * u[from] + by_h[unit][half] * h_[from];
                }
            }
        }
        if (lane == 0) barrier_arrive(&barriers->patches_empty[ring.index]);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = work.first + local + 8 * half;
            if (row >= rows) continue;
            float* to = out + ((long long) work.split * rows + row) * RANK + 2 * t;
#pragma unroll
            for (int i = 0; i < RANK / 8; i++) *(float2*) (to + 8 * i) = make_float2(da[4 * i + 2 * half], da[4 * i + 2 * half + 1]);
        }
    }
}
