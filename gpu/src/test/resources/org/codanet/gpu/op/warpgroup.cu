/* Kernels for a test of the functions of warpgroup.cuh on the simulated machine: the first ones keep every rule, each of the others breaks
 * one. Compiled with SHARED_BYTES; launch: one block. */

#include "warpgroup.cuh"

#define STAGES 2
#define ROUNDS 7
#define STAGE_FLOATS 64

DEFINE_PRODUCT(24, 3)
DEFINE_PRODUCT(8, 1)
DEFINE_ROWS_PRODUCT(72, 9, 1)
DEFINE_ROWS_PRODUCT(16, 2, 0)

static __device__ unsigned char* shared_memory() {
    DYNAMIC_SHARED(shared, SHARED_BYTES);
    return shared;
}

/* Stores values i and i + 1 of row r of a tile. */
static __device__ __forceinline__ void store(unsigned char* tile, int r, int i, const float* values) {
    *(unsigned*) (tile + tile_chunk(r, i / 8) + i % 8 * 2) = bf16_pair(values[0], values[1]);
}

template <int COLUMNS>
static __device__ __forceinline__ void write(float* to, const float* c) {
    const int lane = threadIdx.x % 32, row = threadIdx.x / 32 * 16 + lane / 4;
    for (int i = 0; i < COLUMNS / 8; i++) {
        for (int k = 0; k < 4; k++) to[(row + k / 2 * 8) * COLUMNS + 8 * i + lane % 4 * 2 + k % 2] = c[4 * i + k];
    }
}

/* to (64, 24) = A Bᵀ + (column 0 of B), from: A (64, 64) and B (24, 64). 128 threads. */
extern "C" __global__ void multiplies(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    unsigned char *a = shared, *b = a + 8192, *ones = b + 3072;
    for (int i = 2 * threadIdx.x; i < 64 * 64; i += 256) store(a, i / 64, i % 64, from + i);
    for (int i = 2 * threadIdx.x; i < 24 * 64; i += 256) store(b, i / 64, i % 64, from + 64 * 64 + i);
    if (threadIdx.x < 64) ((unsigned*) ones)[threadIdx.x] = threadIdx.x < 32 && threadIdx.x % 4 == 0 ? 0x3f80u : 0u;
    stores_visible_to_products();
    __syncthreads();
    float c[12];
    const unsigned long long left = k_major(shared_address(a)), right = k_major(shared_address(b));
    products_begin();
    for (int i = 0; i < 4; i++) MULTIPLY(24)(c, left + 2 * i, right + 2 * i, i > 0);
    products_end();
    products_begin();
    MULTIPLY(24)(c, repeated_rows(shared_address(ones)), right, 1);
    products_end();
    products_arrived<0>();
    write<24>(to, c);
}

/* to (64, 72) = Aᵀ B, from: A (64, 64) and B (64, 72), both rows of k. 128 threads. */
extern "C" __global__ void multiplies_columns(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    unsigned char *a = shared, *b = a + 8192;
    for (int i = 2 * threadIdx.x; i < 64 * 64; i += 256) store(a, i / 64, i % 64, from + i);
    for (int i = 2 * threadIdx.x; i < 64 * 72; i += 256) store(b + i % 72 / 64 * 8192, i / 72, i % 72 % 64, from + 64 * 64 + i);
    stores_visible_to_products();
    __syncthreads();
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    float c[36];
    unsigned fragment[4][4];
    for (int i = 0; i < 4; i++) {
        load_transposed(fragment[i], shared_address(a) + tile_chunk(i * 16 + lane % 8 + lane / 16 * 8, warp * 2 + lane / 8 % 2));
    }
    products_begin();
    for (int i = 0; i < 4; i++) MULTIPLY_ROWS(72)(c, fragment[i], mn_major(shared_address(b), 8192) + 128 * i, i > 0);
    products_end();
    products_arrived<0>();
    write<72>(to, c);
}

/* to (64, 16) = A Bᵀ, from: A (64, 16) and B (16, 16). 128 threads. */
extern "C" __global__ void multiplies_rows(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    store(shared, threadIdx.x / 8, threadIdx.x % 8 * 2, from + 64 * 16 + 2 * threadIdx.x);
    stores_visible_to_products();
    __syncthreads();
    const int lane = threadIdx.x % 32, row = threadIdx.x / 32 * 16 + lane / 4;
    unsigned fragment[4];
    for (int i = 0; i < 4; i++) {
        const float* at = from + (row + i % 2 * 8) * 16 + i / 2 * 8 + lane % 4 * 2;
        fragment[i] = bf16_pair(at[0], at[1]);
    }
    float c[8];
    products_begin();
    MULTIPLY_ROWS(16)(c, fragment, k_major(shared_address(shared)), 0);
    products_end();
    products_arrived<0>();
    write<16>(to, c);
}

struct Pipeline {
    unsigned long long full[STAGES], empty[STAGES];
    float parts[64];
    float stages[STAGES][STAGE_FLOATS];
};

/* What the kernels of the pipeline do otherwise. */
enum Mistake { NONE, REFILLS_TOO_EARLY, EXPECTS_NOTHING, EXPECTS_TOO_MUCH, WRONG_PARITY, MISALIGNED, NOT_READY, READS_TOO_EARLY, TOO_FEW_ARRIVE,
               LEAVES_TOO_EARLY, LEAVES_ALONE, NO_NUMBERED_BARRIER };

/* to[t] = sum over the rounds of from[64 round + (t + round) % 64], twice that of the neighbour t ^ 63. 96 threads: two warps add what one
 * thread of the third copies. */
static __device__ __forceinline__ void pipeline(float* to, const float* from, Mistake mistake) {
    unsigned char* shared = shared_memory();
    Pipeline* at = (Pipeline*) shared;
    const int t = threadIdx.x;
    if (t == 0) {
        for (int i = 0; i < STAGES; i++) {
            barrier_init(&at->full[i], 1);
            barrier_init(&at->empty[i], mistake == TOO_FEW_ARRIVE ? 3 : 2);
        }
        if (mistake != NOT_READY) barriers_ready();
    }
    __syncthreads();
    if (t >= 64) {
        fewer_registers<40>();
        if (t != 64) return;
        for (int i = 0; i < ROUNDS; i++) {
            const int stage = i % STAGES;
            const int bytes = STAGE_FLOATS * 4, extra = mistake == EXPECTS_TOO_MUCH ? 16 : 0;
            const float* stage_from = from + i * STAGE_FLOATS + (mistake == MISALIGNED);
            if (mistake == REFILLS_TOO_EARLY) bulk_copy(at->stages[stage], stage_from, bytes, &at->full[stage]);
            barrier_wait(&at->empty[stage], i / STAGES % 2 ^ (mistake == WRONG_PARITY ? 0 : 1));
            if (mistake == EXPECTS_NOTHING) barrier_arrive(&at->full[stage]);
            else barrier_expect(&at->full[stage], bytes + extra);
            if (mistake != REFILLS_TOO_EARLY) bulk_copy(at->stages[stage], stage_from, bytes, &at->full[stage]);
        }
        return;
    }
    more_registers<232>();
    float sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const int stage = i % STAGES;
        if (mistake != READS_TOO_EARLY) barrier_wait(&at->full[stage], i / STAGES % 2);
        if (mistake == LEAVES_TOO_EARLY && t % 32 == 0) barrier_arrive(&at->empty[stage]);
        sum += at->stages[stage][(t + i) % 64];
        if (mistake != LEAVES_ALONE) __syncwarp();
        if (mistake != LEAVES_TOO_EARLY && t % 32 == 0) barrier_arrive(&at->empty[stage]);
    }
    at->parts[t] = sum;
    if (mistake != NO_NUMBERED_BARRIER) named_barrier<64>(3);
    to[t] = sum + 2 * at->parts[t ^ 63];
}

extern "C" __global__ void copies(float* to, const float* from) { pipeline(to, from, NONE); }
extern "C" __global__ void refills_too_early(float* to, const float* from) { pipeline(to, from, REFILLS_TOO_EARLY); }
extern "C" __global__ void expects_nothing(float* to, const float* from) { pipeline(to, from, EXPECTS_NOTHING); }
extern "C" __global__ void expects_too_much(float* to, const float* from) { pipeline(to, from, EXPECTS_TOO_MUCH); }
extern "C" __global__ void waits_for_wrong_parity(float* to, const float* from) { pipeline(to, from, WRONG_PARITY); }
extern "C" __global__ void copies_misaligned(float* to, const float* from) { pipeline(to, from, MISALIGNED); }
extern "C" __global__ void copies_to_unready(float* to, const float* from) { pipeline(to, from, NOT_READY); }
extern "C" __global__ void reads_too_early(float* to, const float* from) { pipeline(to, from, READS_TOO_EARLY); }
extern "C" __global__ void too_few_arrive(float* to, const float* from) { pipeline(to, from, TOO_FEW_ARRIVE); }

extern "C" __global__ void leaves_too_early(float* to, const float* from) { pipeline(to, from, LEAVES_TOO_EARLY); }
extern "C" __global__ void leaves_alone(float* to, const float* from) { pipeline(to, from, LEAVES_ALONE); }
extern "C" __global__ void no_numbered_barrier(float* to, const float* from) { pipeline(to, from, NO_NUMBERED_BARRIER); }

/* to (64, 8), from (512): each of 64 rows of 8 floats is copied, or zeros where from is not positive; the last value by itself.
 * 96 threads: 32 copy, all arrive. */
static __device__ __forceinline__ void gather(float* to, const float* from, bool arrives_early) {
    unsigned char* shared = shared_memory();
    unsigned long long* barrier = (unsigned long long*) shared;
    const int t = threadIdx.x;
    if (t == 0) barrier_init(barrier, 32);
    __syncthreads();
    const unsigned tile = shared_address(shared + 1024);
    if (t >= 64) {
        for (int row = t - 64; row < 64; row += 32) {
            const float* at = from + 8 * row;
            const bool copies = at[0] > 0;
            copy_16_or_zero(tile + row * 32, copies ? at : 0, copies);
            for (int i = 4; i < 8; i++) copy_4_or_zero(tile + row * 32 + i * 4, at + i, copies && i < 7);
            copies_end();
        }
        if (arrives_early) barrier_arrive(barrier);
        copies_arrived<0>();
        if (!arrives_early) barrier_arrive(barrier);
        return;
    }
    barrier_wait(barrier, 0);
    for (int i = 0; i < 8; i++) to[t * 8 + i] = ((const float*) (shared + 1024))[t * 8 + i];
}

extern "C" __global__ void gathers(float* to, const float* from) { gather(to, from, false); }
extern "C" __global__ void gathers_and_arrives_early(float* to, const float* from) { gather(to, from, true); }

/* ---- Broken kernels without a pipeline. ---- */

extern "C" __global__ void uses_no_barrier(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    barrier_arrive((unsigned long long*) shared);
    to[threadIdx.x] = from[threadIdx.x];
}

extern "C" __global__ void arrives_too_often(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    unsigned long long* barrier = (unsigned long long*) shared;
    if (threadIdx.x == 0) {
        barrier_init(barrier, 2);
        barrier_expect(barrier, 16);
        barrier_expect(barrier, 16);
        barrier_expect(barrier, 16);
    }
    to[threadIdx.x] = from[threadIdx.x];
}

extern "C" __global__ void one_warp_waits(float* to, const float* from) {
    if (threadIdx.x < 32) named_barrier<64>(2);
    to[threadIdx.x] = from[threadIdx.x];
}

/* 128 threads. */
extern "C" __global__ void multiplies_by_three_warps(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    if (threadIdx.x < 64) ((unsigned*) shared)[threadIdx.x] = (unsigned) from[threadIdx.x];
    stores_visible_to_products();
    __syncthreads();
    if (threadIdx.x < 96) {
        unsigned fragment[4] = {0, 0, 0, 0};
        float c[8];
        products_begin();
        MULTIPLY_ROWS(16)(c, fragment, repeated_rows(shared_address(shared)), 0);
        products_end();
        products_arrived<0>();
        to[threadIdx.x] = c[0];
    }
}

/* 128 threads. */
extern "C" __global__ void multiplies_misplaced_tile(float* to, const float* from) {
    unsigned char* shared = shared_memory();
    store(shared, threadIdx.x / 8, threadIdx.x % 8 * 2, from + 2 * threadIdx.x);
    stores_visible_to_products();
    __syncthreads();
    unsigned fragment[4] = {0, 0, 0, 0};
    float c[8];
    products_begin();
    MULTIPLY_ROWS(16)(c, fragment, k_major(shared_address(shared) + 128), 0);
    products_end();
    products_arrived<0>();
    to[threadIdx.x] = c[0];
}

/* 160 threads: the last warp overwrites the operand, which the first four have left after or before they have waited for the product. */
static __device__ __forceinline__ void multiply_and_leave(float* to, const float* from, bool visible, bool leaves_early) {
    unsigned char* shared = shared_memory();
    unsigned long long* barrier = (unsigned long long*) (shared + 4096);
    const int t = threadIdx.x;
    if (t == 0) barrier_init(barrier, 4);
    if (t < 128) store(shared, t / 8, t % 8 * 2, from + 2 * t);
    if (visible) stores_visible_to_products();
    __syncthreads();
    if (t >= 128) {
        barrier_wait(barrier, 0);
        store(shared, (t - 128) / 8, t % 8 * 2, from + 2 * t);
        return;
    }
    unsigned fragment[4] = {0, 0, 0, 0};
    float c[8];
    products_begin();
    MULTIPLY_ROWS(16)(c, fragment, k_major(shared_address(shared)), 0);
    products_end();
    if (leaves_early && t % 32 == 0) barrier_arrive(barrier);
    products_arrived<0>();
    if (!leaves_early && t % 32 == 0) barrier_arrive(barrier);
    to[t] = c[0];
}

extern "C" __global__ void multiplies_and_leaves(float* to, const float* from) { multiply_and_leave(to, from, true, false); }
extern "C" __global__ void multiplies_invisible(float* to, const float* from) { multiply_and_leave(to, from, false, false); }
extern "C" __global__ void leaves_products_early(float* to, const float* from) { multiply_and_leave(to, from, true, true); }

/* 128 threads. */
static __device__ __forceinline__ void multiply_zeros(float* to, bool begins, bool changes) {
    unsigned char* shared = shared_memory();
    if (threadIdx.x < 64) ((unsigned*) shared)[threadIdx.x] = 0;
    stores_visible_to_products();
    __syncthreads();
    float c[4] = {0, 0, 0, 0};
    const unsigned long long zeros = repeated_rows(shared_address(shared));
    if (begins) products_begin();
    MULTIPLY(8)(c, zeros, zeros, 1);
    products_end();
    if (changes) c[0] = 1;
    products_arrived<0>();
    to[threadIdx.x] = c[0];
}

extern "C" __global__ void multiplies_without_begin(float* to, const float* from) { multiply_zeros(to, false, false); }
extern "C" __global__ void changes_sums_early(float* to, const float* from) { multiply_zeros(to, true, true); }
