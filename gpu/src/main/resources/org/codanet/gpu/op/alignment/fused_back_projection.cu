/* fused_back_projection: gradients of patches as one matrix product whose left operand is formed in registers.
 *   dp = sum_j B_j t_j + A da          t_j = g'_j a, with a bias also g'_j for its slot                                  (1)
 * The depth of the product has the biases of all units, then the columns (j, rho) of all units, then those of da. A tile of depth 64 has
 * 64 biases, 64 / R units, or 64 of da. t is rounded to bfloat16 once, in registers, and never written to memory.
 *   dout (N, T, positions, D)  g, scaled by f(q) on the way; g' itself if q is null
 *   q (m, D)         squared norms      factors (m, S)   float32      da (m, R)   null for the back-projection of an explanation
 *   stream           fused_weights.cu: for each block of COLUMNS columns the tiles of (1)
 *   out (splits, N T positions, PATCH)   sums of a split of the depth; PATCH entries of a patch, channels padded
 * Compiled with RANK, COLUMNS: of a block, PARTS: products that cover them, PART and PART_8: their columns, PATCH, STAGES, SHARED_BYTES
 * Launch   grid: at most one block a multiprocessor; 384 threads: two warpgroups multiply 64 positions each, one thread copies.
 * No atomics, sums in a fixed order: same input, same bits. */

#include "warpgroup.cuh"
#include "alignment/scale.cuh"
#include "alignment/ring.cuh"

#define POSITIONS 128
#define STAGE_BYTES (COLUMNS * 128)
#define STAGE_PITCH ((STAGE_BYTES + 1023) / 1024 * 1024)
#define BARRIERS_AT (STAGES * STAGE_PITCH)
#define UNITS_OF_TILE (64 / RANK)
#define STEPS_OF_UNIT (RANK / 16)
static_assert(PARTS * PART == COLUMNS && PARTS <= 2 && 64 % RANK == 0, "a block of columns, a tile of depth");
static_assert(BARRIERS_AT + 16 * STAGES <= SHARED_BYTES, "Java and the kernel disagree on shared memory");

#define REGISTERS 240
#define COPYING_REGISTERS 24
static_assert(REGISTERS_FIT(256, REGISTERS, 128, COPYING_REGISTERS), "registers of a block");

DEFINE_ROWS_PRODUCT(PART, PART_8, 0)

struct Barriers {
    unsigned long long full[STAGES], empty[STAGES];
};

struct Work {
    int first, block, split, begin, end;
};
static __device__ __forceinline__ Work work_of(int tile, int splits, int depth_tiles) {
    Work work;
    work.split = tile % splits;
    work.block = tile / splits % (PATCH / COLUMNS);
    work.first = tile / splits / (PATCH / COLUMNS) * POSITIONS;
    work.begin = depth_tiles * work.split / splits;
    work.end = depth_tiles * (work.split + 1) / splits;
    return work;
}

/* The two rows of a thread in each matrix. Rows beyond the last read the last one, and are not written. */
struct Rows {
    const float *dout, *q, *da;
    int norm, units;
    int of_dout[2], of_forward[2];
    __device__ __forceinline__ float scaled(int half, int j) const {
        if (j >= units) return 0.0f;
        const float value = dout[of_dout[half] * units + j];
        return q == 0 ? value : value * scale_of(norm, q[of_forward[half] * units + j], 0.0f);
    }
};

/* g' of the units of a tile of depth, for both rows. */
static __device__ __forceinline__ void load_scales(float (*scale)[2], const Rows& rows, int tile) {
#pragma unroll
    for (int i = 0; i < UNITS_OF_TILE; i++) {
        const int j = tile * UNITS_OF_TILE + i;
#pragma unroll
        for (int half = 0; half < 2; half++) scale[i][half] = rows.scaled(half, j);
    }
}

/* The fragments of half a tile of depth, two products: of (1) for units, of the biases of units, or of da. */
static __device__ __forceinline__ void form_units(unsigned (*fragment)[4], int half, const float (*a)[8], const float (*scale)[2]) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const int step = 2 * half + i / 4;
        const float* factor = a[step % STEPS_OF_UNIT];
        const float by = scale[step / STEPS_OF_UNIT][i % 2];
        fragment[i / 4][i % 4] = bf16_pair(factor[2 * (i % 4)] * by, factor[2 * (i % 4) + 1] * by);
    }
}
static __device__ __forceinline__ void load_biases(unsigned (*fragment)[4], int half, const Rows& rows, int first, int t) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const int j = first + (2 * half + i / 4) * 16 + i % 4 / 2 * 8 + 2 * t;
        fragment[i / 4][i % 4] = bf16_pair(rows.scaled(i % 2, j), rows.scaled(i % 2, j + 1));
    }
}
static __device__ __forceinline__ void load_factor_gradients(unsigned (*fragment)[4], int half, const Rows& rows, int t) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const int step = 2 * half + i / 4;
        const float* from = rows.da + rows.of_forward[i % 2] * RANK + step * 16 + i % 4 / 2 * 8 + 2 * t;
        fragment[i / 4][i % 4] = step < STEPS_OF_UNIT ? bf16_pair(from[0], from[1]) : 0u;
    }
}

/* The products of half a tile of depth. */
static __device__ __forceinline__ void multiply_half(float (*c)[PART / 2], unsigned (*fragment)[4], unsigned address, int half, int adds) {
    products_begin();
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            MULTIPLY_ROWS(PART)(c[part], fragment[i], k_major(address + part * PART * 128) + 2 * (2 * half + i), adds | (i > 0));
        }
    }
    products_end();
}

extern "C" __global__ __launch_bounds__(THREADS, 1)
void fused_back_projection(float* __restrict__ out, const float* __restrict__ dout, const float* __restrict__ q,
                           const float* __restrict__ factors, const float* __restrict__ da, const unsigned char* __restrict__ stream,
                           int norm, int units, int slots, int positions, int targets, int first_pair, int depth_tiles, int splits,
                           int rows) {
    DYNAMIC_SHARED(shared, SHARED_BYTES);
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    if (threadIdx.x == 0) {
        for (int i = 0; i < STAGES; i++) {
            barrier_init(&barriers->full[i], 1);
            barrier_init(&barriers->empty[i], 8);
        }
        barriers_ready();
    }
    __syncthreads();
    const int unit_tiles = (units + UNITS_OF_TILE - 1) / UNITS_OF_TILE, bias_tiles = slots > RANK ? (units + 63) / 64 : 0;
    const int all_tiles = unit_tiles + (units + 63) / 64 + 1; /* of a block of columns, in the stream */
    const int tiles = (rows + POSITIONS - 1) / POSITIONS * (PATCH / COLUMNS) * splits;
    if (threadIdx.x >= 256) {
        fewer_registers<COPYING_REGISTERS>();
        if (threadIdx.x != 256) return;
        Ring<STAGES> ring;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
            const Work work = work_of(tile, splits, depth_tiles);
            for (int i = work.begin; i < work.end; i++, ring.next()) {
                const int at = i + all_tiles - 1 - unit_tiles - bias_tiles; /* the stream always has tiles of biases */
                barrier_wait(&barriers->empty[ring.index], ring.parity ^ 1);
                barrier_expect(&barriers->full[ring.index], STAGE_BYTES);
                bulk_copy(shared + ring.index * STAGE_PITCH, stream + ((long long) work.block * all_tiles + at) * STAGE_BYTES, STAGE_BYTES,
                          &barriers->full[ring.index]);
            }
        }
        return;
    }
    more_registers<REGISTERS>();
    const int lane = threadIdx.x % WARP_SIZE, t = lane % 4, local = threadIdx.x / WARP_SIZE * 16 + lane / 4;
    const unsigned stages = shared_address(shared);
    Ring<STAGES> ring;
    Rows own = {dout, q, da, norm, units, {}, {}};
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const Work work = work_of(tile, splits, depth_tiles);
        float a[STEPS_OF_UNIT][8];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int index = min(work.first + local + 8 * half, rows - 1), pair = first_pair + index / positions;
            const int row = pair / targets * positions + index % positions;
            own.of_dout[half] = pair * positions + index % positions;
            own.of_forward[half] = row;
#pragma unroll
            for (int step = 0; step < STEPS_OF_UNIT; step++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    a[step][(i / 2 * 2 + half) * 2 + i % 2] = factors[(long long) row * slots + step * 16 + i / 2 * 8 + 2 * t + i % 2];
                }
            }
        }
        float c[PARTS][PART / 2];
        unsigned fragment[2][2][4];
        float scale[UNITS_OF_TILE][2];
        load_scales(scale, own, max(work.begin - bias_tiles, 0));
        int before = 0;
#pragma unroll 1
        for (int i = work.begin; i < work.end; i++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                if (i < bias_tiles) {
                    load_biases(fragment[half], half, own, i * 64, t);
                } else if (i < bias_tiles + unit_tiles) {
                    form_units(fragment[half], half, a, scale);
                    if (half == 1) load_scales(scale, own, i + 1 - bias_tiles);
                } else {
                    load_factor_gradients(fragment[half], half, own, t);
                }
                if (half == 0) barrier_wait(&barriers->full[ring.index], ring.parity);
                multiply_half(c, fragment[half], stages + ring.index * STAGE_PITCH, half, half > 0 || i > work.begin);
                /* The half before this one has been multiplied: its fragment and, with the second, its stage are free. */
                if (half == 1 || i > work.begin) products_arrived<1>();
                if (half == 0 && i > work.begin && lane == 0) barrier_arrive(&barriers->empty[before]);
            }
            before = ring.index;
            ring.next();
        }
        products_arrived<0>();
        if (lane == 0) barrier_arrive(&barriers->empty[before]);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = work.first + local + 8 * half;
            if (row >= rows) continue;
            float* to = out + ((long long) work.split * rows + row) * PATCH + work.block * COLUMNS + 2 * t;
#pragma unroll
            for (int part = 0; part < PARTS; part++) {
#pragma unroll
                for (int i = 0; i < PART / 8; i++) {
                    *(float2*) (to + part * PART + i * 8) = make_float2(c[part][4 * i + 2 * half], c[part][4 * i + 2 * half + 1]);
                }
            }
        }
    }
}
