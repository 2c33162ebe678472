/* fused_weight_gradient: sums over all positions of products of left and right values, as one matrix product whose left operand is
 * formed in registers.
 *   dB_j[rho] = sum_m g'_j a[rho] p         M_j[rho] = sum_m e_j a[rho] (a, 1)            rows (j, rho)                   (1)
 *   and the same with other left values x in place of g'_j a: rows of x                                                  (2)
 * A tile of rows is 64 rows of (1), or 64 columns of x for (2). Patches are gathered as in fused.cuh and are read by columns.
 *   packed (m, PACKED)   bfloat16, its first R columns are a       scales (m, D)   g' or e
 *   left (m, LEFT)       bfloat16, x of (2); LEFT_TILES tiles follow those of (1)
 *   input                the right operand: x (N, H, W, 8 CHUNKS) of the patches; for M_j, packed itself as images of 1 x 1 kernels
 *   out (splits, 64 row tiles, PATCH)
 * Compiled with RANK, PACKED, LEFT, CHUNKS, KERNEL, STRIDE, PADDING, PATCH, COLUMNS: of a block, FIRST and SECOND: columns of its two
 * products (SECOND may be 0), FIRST_8, SECOND_8, STAGES, SHARED_BYTES
 * WARPGROUPS multiply
 * Launch   grid: at most one block a multiprocessor; THREADS threads: WARPGROUPS warpgroups have one tile of rows each, and two gather,
 *          one row of a stage every eight threads.
 * No atomics, sums in a fixed order: same input, same bits. */

#include "warpgroup.cuh"
#include "alignment/ring.cuh"
#include "alignment/gather.cuh"

#define DEPTH_OF_STAGE 32
#define STEPS (DEPTH_OF_STAGE / 16)
#define MULTIPLYING (WARPGROUPS * 128)
#define GATHERING (DEPTH_OF_STAGE * 8)
#define COLUMN_TILES ((COLUMNS + 63) / 64)
#define TILE_BYTES (DEPTH_OF_STAGE * 128)
#define UNITS_OF_TILE (64 / RANK)
#define UNITS_OF_BLOCK (WARPGROUPS * UNITS_OF_TILE)
#define LEFT_AT (COLUMN_TILES * TILE_BYTES)
#define SCALES_AT (LEFT_AT + WARPGROUPS * TILE_BYTES)
#define STAGE_BYTES (SCALES_AT + (DEPTH_OF_STAGE * UNITS_OF_BLOCK * 4 + 1023) / 1024 * 1024)
#define BARRIERS_AT (STAGES * STAGE_BYTES)
static_assert(THREADS == MULTIPLYING + GATHERING, "Java and the kernel disagree on threads");
static_assert(BARRIERS_AT + 16 * STAGES <= SHARED_BYTES, "Java and the kernel disagree on shared memory");
static_assert(FIRST + SECOND == COLUMNS && (SECOND == 0 || FIRST % 64 == 0) && PATCH % COLUMNS == 0, "columns of a block");

#define REGISTERS (WARPGROUPS == 2 ? 208 : 96)
#define GATHERING_REGISTERS 48
static_assert(REGISTERS_FIT(MULTIPLYING, REGISTERS, GATHERING, GATHERING_REGISTERS), "registers of a block");

DEFINE_ROWS_PRODUCT(FIRST, FIRST_8, 1)
#if SECOND
DEFINE_ROWS_PRODUCT(SECOND, SECOND_8, 1)
#endif

struct Barriers {
    unsigned long long full[STAGES], empty[STAGES];
};

struct Problem {
    Images images;
    int units, unit_tiles, row_tiles, splits, rows;
};

/* A tile of work: WARPGROUPS tiles of rows, a block of columns, and the stages [begin, end) of positions. */
struct Work {
    int row_tile, block, split, begin, end;
};
static __device__ __forceinline__ Work work_of(int tile, const Problem& at) {
    const int stages = (at.rows + DEPTH_OF_STAGE - 1) / DEPTH_OF_STAGE;
    Work work;
    work.block = tile % (PATCH / COLUMNS);
    tile /= PATCH / COLUMNS;
    const int blocks = (at.row_tiles + WARPGROUPS - 1) / WARPGROUPS;
    work.row_tile = tile % blocks * WARPGROUPS;
    work.split = tile / blocks;
    work.begin = (int) ((long long) stages * work.split / at.splits);
    work.end = (int) ((long long) stages * (work.split + 1) / at.splits);
    return work;
}

/* Queues the copies of one stage. Eight threads have the chunks of a row. */
static __device__ __forceinline__ void gather(unsigned to, const Work& work, int stage, const Problem& at, const Chunks<COLUMN_TILES>& chunks,
                                              const unsigned short* __restrict__ packed, const float* __restrict__ scales,
                                              const unsigned short* __restrict__ left, const unsigned short* __restrict__ input) {
    const int i = (threadIdx.x - MULTIPLYING) / 8, column = threadIdx.x % 8, row = stage * DEPTH_OF_STAGE + i;
    const bool real = row < at.rows;
    const unsigned place = tile_chunk(i, column);
    if (work.row_tile < at.unit_tiles) {
        const bool copies = real && column < RANK / 8;
        copy_16_or_zero(to + LEFT_AT + place, packed + (copies ? row * PACKED + column * 8 : 0), copies);
#pragma unroll
        for (int k = 0; k < (UNITS_OF_BLOCK + 7) / 8; k++) {
            const int unit = column + 8 * k, j = work.row_tile * UNITS_OF_TILE + unit;
            const bool scaled = real && j < at.units;
            if (unit < UNITS_OF_BLOCK) {
                copy_4_or_zero(to + SCALES_AT + (i * UNITS_OF_BLOCK + unit) * 4, scales + (scaled ? row * at.units + j : 0), scaled);
            }
        }
    }
    if (work.row_tile + WARPGROUPS > at.unit_tiles) {
#pragma unroll
        for (int k = 0; k < WARPGROUPS; k++) {
            const int first = (work.row_tile + k - at.unit_tiles) * 64 + column * 8;
            const bool copies = real && first < LEFT;
            if (first >= 0) copy_16_or_zero(to + LEFT_AT + k * TILE_BYTES + place, left + (copies ? row * LEFT + first : 0), copies);
        }
    }
    const Corner corner(row, at.images);
#pragma unroll
    for (int k = 0; k < COLUMN_TILES; k++) chunks.copy(k, to + k * TILE_BYTES + place, input, corner, real, at.images);
    copies_end();
}

/* A fragment of (1): two positions and two rho a word. */
static __device__ __forceinline__ void scale_fragment(unsigned* fragment, const float* scale) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float* by = scale + i / 2 * 8 * UNITS_OF_BLOCK;
        fragment[i] = bf16_pair(__uint_as_float(fragment[i] << 16) * by[0], __uint_as_float(fragment[i] & 0xffff0000u) * by[UNITS_OF_BLOCK]);
    }
}

extern "C" __global__ __launch_bounds__(THREADS, 1)
void fused_weight_gradient(float* __restrict__ out, const unsigned short* __restrict__ packed, const float* __restrict__ scales,
                           const unsigned short* __restrict__ left, const unsigned short* __restrict__ input, int units, int left_tiles,
                           int h, int w, int out_h, int out_w, int factor_w, int shift_w, int factor_h, int shift_h, int splits, int rows) {
    DYNAMIC_SHARED(shared, SHARED_BYTES);
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    if (threadIdx.x == 0) {
        for (int i = 0; i < STAGES; i++) {
            barrier_init(&barriers->full[i], GATHERING);
            barrier_init(&barriers->empty[i], 4 * WARPGROUPS);
        }
        barriers_ready();
    }
    __syncthreads();
    const int unit_tiles = (units * RANK + 63) / 64;
    const Images images = {h, w, out_h, out_w, {(unsigned) factor_w, (unsigned) shift_w}, {(unsigned) factor_h, (unsigned) shift_h}};
    const Problem at = {images, units, unit_tiles, unit_tiles + left_tiles, splits, rows};
    const int tiles = (PATCH / COLUMNS) * ((at.row_tiles + WARPGROUPS - 1) / WARPGROUPS) * splits;
    Ring<STAGES> ring;
    if (threadIdx.x >= MULTIPLYING) {
        fewer_registers<GATHERING_REGISTERS>();
        Ring<STAGES> arrived;
        int under_way = 0;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
            const Work work = work_of(tile, at);
            const int first = work.block * (COLUMNS / 8);
            const Chunks<COLUMN_TILES> chunks(first + threadIdx.x % 8, first + COLUMNS / 8, at.images);
            for (int stage = work.begin; stage < work.end; stage++) {
                barrier_wait(&barriers->empty[ring.index], ring.parity ^ 1);
                gather(shared_address(shared) + ring.index * STAGE_BYTES, work, stage, at, chunks, packed, scales, left, input);
                ring.next();
                /* The multiplying warps hold a stage until the next one has arrived, so one more than those under way must be free. */
                if (++under_way == STAGES - 1) {
                    copies_arrived<STAGES - 2>();
                    stores_visible_to_products();
                    barrier_arrive(&barriers->full[arrived.index]);
                    arrived.next();
                    under_way--;
                }
            }
        }
        copies_arrived<0>();
        stores_visible_to_products();
        for (; under_way > 0; under_way--, arrived.next()) barrier_arrive(&barriers->full[arrived.index]);
        return;
    }
    more_registers<REGISTERS>();
    const int lane = threadIdx.x % WARP_SIZE, t = lane % 4, warp = threadIdx.x / WARP_SIZE % 4, half = threadIdx.x / 128;
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const Work work = work_of(tile, at);
        const int row_tile = work.row_tile + half;
        const bool units_here = row_tile < unit_tiles;
        const int column = units_here ? warp * 16 % RANK : warp * 16, unit = half * UNITS_OF_TILE + warp * 16 / RANK;
        const int left_at = LEFT_AT + (units_here ? 0 : half * TILE_BYTES);
        float c[COLUMNS / 2];
        unsigned fragment[2][STEPS][4];
        int before = 0;
#pragma unroll 1
        for (int pair = work.begin; pair < work.end; pair += 2) {
#pragma unroll
            for (int odd = 0; odd < 2; odd++) {
                if (pair + odd >= work.end) break;
                const bool adds = pair + odd > work.begin;
                barrier_wait(&barriers->full[ring.index], ring.parity);
                const unsigned char* stage = shared + ring.index * STAGE_BYTES;
                const unsigned address = shared_address(stage);
#pragma unroll
                for (int step = 0; step < STEPS; step++) {
                    const int row = step * 16 + lane % 8 + lane / 16 * 8, chunk = column / 8 + lane / 8 % 2;
                    load_transposed(fragment[odd][step], address + left_at + tile_chunk(row, chunk));
                    if (units_here) {
                        scale_fragment(fragment[odd][step],
                                       (const float*) (stage + SCALES_AT) + (step * 16 + 2 * t) * UNITS_OF_BLOCK + unit);
                    }
                }
                products_begin();
#pragma unroll
                for (int step = 0; step < STEPS; step++) {
                    MULTIPLY_ROWS(FIRST)(c, fragment[odd][step], mn_major(address, TILE_BYTES) + step * 128, adds | (step > 0));
#if SECOND
                    MULTIPLY_ROWS(SECOND)(c + FIRST / 2, fragment[odd][step],
                                                mn_major(address + FIRST / 64 * TILE_BYTES, TILE_BYTES) + step * 128, adds | (step > 0));
#endif
                }
                products_end();
                if (adds) {
                    products_arrived<1>();
                    if (lane == 0) barrier_arrive(&barriers->empty[before]);
                }
                before = ring.index;
                ring.next();
            }
        }
        products_arrived<0>();
        if (lane == 0) barrier_arrive(&barriers->empty[before]);
        if (row_tile >= at.row_tiles) continue;
        float* to = out + ((long long) work.split * at.row_tiles * 64 + row_tile * 64 + warp * 16 + lane / 4) * PATCH + work.block * COLUMNS + 2 * t;
#pragma unroll
        for (int i = 0; i < COLUMNS / 8; i++) {
            *(float2*) (to + i * 8) = make_float2(c[4 * i], c[4 * i + 1]);
            *(float2*) (to + 8 * PATCH + i * 8) = make_float2(c[4 * i + 2], c[4 * i + 3]);
        }
    }
}
