/* fused_forward: factors, scores, squared norms and outputs of a layer, as one matrix product with a fused epilogue.
 *   a   = Aᵀ p          u_j = B_jᵀ p          h_j = G_j a                                                               (1)
 *   s_j = a · u_j       q_j = a · h_j         y_j = s_j f(q_j)        f in scale.cuh                                    (2)
 * Neither patches nor u or h are written to memory. Operands are bfloat16, sums float32. The slot of a bias, whose factor is 1, is a
 * row of B and G and one of the last 8 columns of a group.
 *   x (N, H, W, 8 CHUNKS)   bfloat16, channels padded with zeros       stream   fused_weights.cu
 *   y, scores, q (m, D)     factors (m, S)       packed (m, R + 16)    bfloat16: a, a 1, zeros
 * scores, q, factors and packed may be null: then they are not written.
 * Launch   fused.cuh; grid: at most one block a multiprocessor. The accumulators of u and h and the factors stay in registers.
 * No atomics, sums in a fixed order: same input, same bits. */

#include "warpgroup.cuh"
#include "alignment/scale.cuh"
#include "alignment/ring.cuh"
#include "alignment/gather.cuh"
#include "alignment/fused.cuh"

struct Outputs {
    float *y, *scores, *q, *factors;
    unsigned short* packed;
    int norm, units, slots;
};

/* a (64, R) = patches A, kept in registers; also stored to shared memory, and by one split to global memory. */
static __device__ __forceinline__ void compute_factors(float* a, unsigned char* shared, Weights& weights, unsigned patches, int row,
                                                       int first_column) {
    int before = 0;
#pragma unroll
    for (int stage = 0; stage < FACTOR_STAGES; stage++) {
        const unsigned long long b = k_major(weights.wait());
        products_begin();
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int step = stage * 4 + i;
            if (step < K_PATCH) MULTIPLY(RANK)(a, k_major(patches + stage * TILE_BYTES) + 2 * i, b + 2 * i, step > 0);
        }
        products_end();
        if (stage > 0) {
            products_arrived<1>();
            weights.leave(before);
        }
        before = weights.ring.index;
        weights.ring.next();
    }
    products_arrived<0>();
    weights.leave(before);
#pragma unroll
    for (int i = 0; i < RANK / 8; i++) {
        store_factors(shared, row, 8 * i + first_column, a[4 * i], a[4 * i + 1]);
        store_factors(shared, row + 8, 8 * i + first_column, a[4 * i + 2], a[4 * i + 3]);
    }
    stores_visible_to_products();
    named_barrier<128>(1 + threadIdx.x / 128);
}

static __device__ __forceinline__ void write_factors(const float* a, const Outputs& out, long long row, long long rows, int t) {
    if (row >= rows) return;
#pragma unroll
    for (int i = 0; i < RANK / 8; i++) {
        const int column = 8 * i + 2 * t;
        if (out.factors != 0) {
            out.factors[row * out.slots + column] = a[4 * i];
            out.factors[row * out.slots + column + 1] = a[4 * i + 1];
        }
        if (out.packed != 0) *(unsigned*) (out.packed + row * PACKED + column) = bf16_pair(a[4 * i], a[4 * i + 1]);
    }
    if (out.factors != 0 && out.slots > RANK && t == 0) out.factors[row * out.slots + RANK] = 1.0f;
    if (out.packed != 0) {
        unsigned* rest = (unsigned*) (out.packed + row * PACKED + RANK);
        rest[t] = t == 0 ? 0x3f80u : 0u;
        rest[t + 4] = 0u;
    }
}

/* s and q of one row and group: a lane has a quarter of the columns; the lane with the unit's bias column writes. */
static __device__ __forceinline__ void write_group(const float* a, const float* u, const float* h, const Outputs& out, long long row,
                                                   long long rows, int first_unit, int t) {
#pragma unroll
    for (int unit = 0; unit < UNITS; unit++) {
        float score = 0.0f, square = 0.0f;
#pragma unroll
        for (int i = 0; i < RANK / 8; i++) {
            const int at = (unit * RANK / 8 + i) * 4;
            score += a[4 * i] * u[at] + a[4 * i + 1] * u[at + 1];
            square += a[4 * i] * h[at] + a[4 * i + 1] * h[at + 1];
        }
#pragma unroll
        for (int mask = 1; mask < 4; mask *= 2) {
            score += __shfl_xor_sync(0xffffffffu, score, mask);
            square += __shfl_xor_sync(0xffffffffu, square, mask);
        }
        const int j = first_unit + unit, bias = UNITS * RANK / 2 + unit % 2;
        if (t != unit / 2 || row >= rows || j >= out.units) continue;
        score += u[bias];
        square = fmaxf(square + h[bias], 0.0f);
        out.y[row * out.units + j] = score * scale_of(out.norm, square, 0.0f);
        if (out.scores != 0) out.scores[row * out.units + j] = score;
        if (out.q != 0) out.q[row * out.units + j] = square;
    }
}

extern "C" __global__ __launch_bounds__(THREADS, 1)
void fused_forward(float* __restrict__ y, float* __restrict__ scores, float* __restrict__ q, float* __restrict__ factors,
                   unsigned short* __restrict__ packed, const unsigned short* __restrict__ x, const unsigned char* __restrict__ stream,
                   int norm, int units, int slots, int h, int w, int out_h, int out_w, int factor_w, int shift_w, int factor_h, int shift_h,
                   int splits, int rows) {
    DYNAMIC_SHARED(shared, SHARED_BYTES);
    const Images images = {h, w, out_h, out_w, {(unsigned) factor_w, (unsigned) shift_w}, {(unsigned) factor_h, (unsigned) shift_h}};
    const Geometry at = {images, (units + UNITS - 1) / UNITS, splits, rows};
    initialise(shared);
    if (threadIdx.x >= 256) {
        fewer_registers<COPYING_REGISTERS>();
        if (threadIdx.x == 256) copy_weights(shared, stream, at, true);
        if (threadIdx.x >= 288) gather_patches(shared, x, at);
    } else {
        more_registers<REGISTERS>();
        const Outputs out = {y, scores, q, factors, packed, norm, units, slots};
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
            const long long row = work.first + local;
            barrier_wait(&barriers->patches_full[ring.index], ring.parity);
            float a[RANK / 2];
            compute_factors(a, shared, weights, patches, local, 2 * t);
            if (work.split == 0) {
                write_factors(a, out, row, rows, t);
                write_factors(a + 2, out, row + 8, rows, t);
            }
#pragma unroll 1
            for (int unit_group = work.group; unit_group < work.end; unit_group++) {
                float u[COLUMNS / 2], h_[COLUMNS / 2];
                multiply_group(u, h_, weights, patches, factor_tiles, ones);
                write_group(a, u, h_, out, row, rows, unit_group * UNITS, t);
                write_group(a + 2, u + 2, h_ + 2, out, row + 8, rows, unit_group * UNITS, t);
            }
            if (lane == 0) barrier_arrive(&barriers->patches_empty[ring.index]);
        }
    }
}
