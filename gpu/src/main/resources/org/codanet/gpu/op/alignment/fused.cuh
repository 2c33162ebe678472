/* fused: what the forward pass and the factor gradient of the fused form share: a block's pipeline.
 * A tile of work is 128 positions and the unit groups of one split. Warpgroups 0 and 1 multiply, 64 positions each. Warp 8 copies the
 * weights, which pass by in the order in which they are used. Warps 9 to 11 gather the patches of the next tile of work, implicit
 * im2col: 16-byte chunks of 8 channels. Compiled with
 *   RANK      R, a multiple of 16                       UNITS       of a group, at most 8
 *   COLUMNS   UNITS R + 8, columns of a group           RANK_8, COLUMNS_8   eighths of RANK and COLUMNS
 *   CHUNKS    of 8 channels                             KERNEL, STRIDE, PADDING
 *   K_PATCH   products of depth 16 that cover a patch   K_GRAM      those that cover a and the constant 1: R / 16 + 1
 *   STAGES    depth of the pipeline of weights          BUFFERS     of patches */

#define POSITIONS 128
#define TILE_BYTES (POSITIONS * 128)
#define FACTOR_STAGES ((K_PATCH + 3) / 4)
#define GROUP_STAGES ((K_PATCH + K_GRAM + 3) / 4)
#define FACTOR_STAGE_BYTES (RANK * 128)
#define STAGE_BYTES (COLUMNS * 128)
#define STAGE_PITCH ((STAGE_BYTES + 1023) / 1024 * 1024)
#define PATCH_BYTES (FACTOR_STAGES * TILE_BYTES)
#define PACKED (RANK + 16)
#define GATHERING_WARPS 3

/* Shared memory, from a multiple of 1024 bytes on. */
#define PATCHES_AT 0
#define STAGES_AT (BUFFERS * PATCH_BYTES)
#define FACTORS_AT (STAGES_AT + STAGES * STAGE_PITCH)
#define ONES_AT (FACTORS_AT + (RANK + 63) / 64 * TILE_BYTES)
#define BARRIERS_AT (ONES_AT + 256)
static_assert(BARRIERS_AT + 8 * (2 * STAGES + 2 * BUFFERS) <= SHARED_BYTES, "Java and the kernel disagree on shared memory");
static_assert(COLUMNS == UNITS * RANK + 8 && RANK % 16 == 0 && UNITS <= 8 && K_GRAM == RANK / 16 + 1, "a group and its biases");
#define REGISTERS 216
#define COPYING_REGISTERS 72
static_assert(REGISTERS_FIT(256, REGISTERS, 128, COPYING_REGISTERS), "registers of a block");

DEFINE_PRODUCT(RANK, RANK_8)
DEFINE_PRODUCT(COLUMNS, COLUMNS_8)

struct Geometry {
    Images images;
    int groups, splits, rows;
};

/* A tile of work: its first row, and its unit groups [group, end). */
struct Work {
    int first, group, end, split;
};
static __device__ __forceinline__ Work work_of(int tile, const Geometry& at) {
    Work work;
    work.split = tile % at.splits;
    work.first = tile / at.splits * POSITIONS;
    work.group = at.groups * work.split / at.splits;
    work.end = at.groups * (work.split + 1) / at.splits;
    return work;
}
static __device__ __forceinline__ int tiles_of(const Geometry& at) { return (at.rows + POSITIONS - 1) / POSITIONS * at.splits; }

struct Barriers {
    unsigned long long full[STAGES], empty[STAGES], patches_full[BUFFERS], patches_empty[BUFFERS];
};

static __device__ __forceinline__ void initialise(unsigned char* shared) {
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    if (threadIdx.x == 0) {
        for (int i = 0; i < STAGES; i++) {
            barrier_init(&barriers->full[i], 1);
            barrier_init(&barriers->empty[i], 8);
        }
        for (int i = 0; i < BUFFERS; i++) {
            barrier_init(&barriers->patches_full[i], GATHERING_WARPS * WARP_SIZE);
            barrier_init(&barriers->patches_empty[i], 8);
        }
        barriers_ready();
    }
    /* The constant 1 behind the factors: 8 rows (1, 0, ..., 0) of bfloat16. */
    if (threadIdx.x < 64) ((unsigned*) (shared + ONES_AT))[threadIdx.x] = threadIdx.x < 32 && threadIdx.x % 4 == 0 ? 0x3f80u : 0u;
    stores_visible_to_products();
    __syncthreads();
}

/* One thread: copies the weights of all tiles of work of the block. The factor gradient needs no columns of A. */
static __device__ __forceinline__ void copy_weights(unsigned char* shared, const unsigned char* __restrict__ stream, const Geometry& at,
                                                    bool factors) {
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    Ring<STAGES> ring;
    const int tiles = tiles_of(at);
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const Work work = work_of(tile, at);
        const unsigned char* from = stream;
        for (int i = 0; factors && i < FACTOR_STAGES; i++, ring.next()) {
            barrier_wait(&barriers->empty[ring.index], ring.parity ^ 1);
            barrier_expect(&barriers->full[ring.index], FACTOR_STAGE_BYTES);
            bulk_copy(shared + STAGES_AT + ring.index * STAGE_PITCH, from + i * FACTOR_STAGE_BYTES, FACTOR_STAGE_BYTES,
                      &barriers->full[ring.index]);
        }
        from += FACTOR_STAGES * FACTOR_STAGE_BYTES + (long long) work.group * GROUP_STAGES * STAGE_BYTES;
        for (int i = 0; i < (work.end - work.group) * GROUP_STAGES; i++, ring.next()) {
            barrier_wait(&barriers->empty[ring.index], ring.parity ^ 1);
            barrier_expect(&barriers->full[ring.index], STAGE_BYTES);
            bulk_copy(shared + STAGES_AT + ring.index * STAGE_PITCH, from + (long long) i * STAGE_BYTES, STAGE_BYTES,
                      &barriers->full[ring.index]);
        }
    }
}

/* Three warps: gather the patches of all tiles of work of the block. Eight threads have the chunks of a row. */
static __device__ __forceinline__ void gather_patches(unsigned char* shared, const unsigned short* __restrict__ x, const Geometry& at) {
    Barriers* barriers = (Barriers*) (shared + BARRIERS_AT);
    Ring<BUFFERS> ring;
    const int thread = threadIdx.x - 9 * WARP_SIZE, column = thread % 8;
    const Chunks<FACTOR_STAGES> chunks(column, K_PATCH * 2, at.images);
    const int tiles = tiles_of(at);
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x, ring.next()) {
        const Work work = work_of(tile, at);
        const unsigned to = shared_address(shared + PATCHES_AT) + ring.index * PATCH_BYTES;
        barrier_wait(&barriers->patches_empty[ring.index], ring.parity ^ 1);
#pragma unroll 1
        for (int i = thread / 8; i < POSITIONS; i += GATHERING_WARPS * WARP_SIZE / 8) {
            const bool real = work.first + i < at.rows;
            const Corner corner(work.first + i, at.images);
#pragma unroll
            for (int k = 0; k < FACTOR_STAGES; k++) {
                chunks.copy(k, to + k * TILE_BYTES + tile_chunk(i, column), x, corner, real, at.images);
            }
        }
        copies_end();
        copies_arrived<0>();
        stores_visible_to_products();
        barrier_arrive(&barriers->patches_full[ring.index]);
    }
}

/* The consumers' side of the pipeline: each warp tells for itself that it has left a stage. */
struct Weights {
    Barriers* barriers;
    unsigned address;
    Ring<STAGES> ring;
    __device__ __forceinline__ unsigned wait() {
        barrier_wait(&barriers->full[ring.index], ring.parity);
        return address + ring.index * STAGE_PITCH;
    }
    __device__ __forceinline__ void leave(int index) {
        if (threadIdx.x % WARP_SIZE == 0) barrier_arrive(&barriers->empty[index]);
    }
};

/* u (64, COLUMNS) = patches B, and h = (a, 1) G, of one unit group. */
static __device__ __forceinline__ void multiply_group(float* u, float* h, Weights& weights, unsigned patches, unsigned factors,
                                                      unsigned ones) {
    int before = 0;
#pragma unroll
    for (int stage = 0; stage < GROUP_STAGES; stage++) {
        const unsigned long long b = k_major(weights.wait());
        products_begin();
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int step = stage * 4 + i, k = step - K_PATCH;
            if (step < K_PATCH) {
                MULTIPLY(COLUMNS)(u, k_major(patches + stage * TILE_BYTES) + 2 * i, b + 2 * i, step > 0);
            } else if (k < K_GRAM - 1) {
                MULTIPLY(COLUMNS)(h, k_major(factors + k / 4 * TILE_BYTES) + 2 * (k % 4), b + 2 * i, k > 0);
            } else if (k == K_GRAM - 1) {
                MULTIPLY(COLUMNS)(h, repeated_rows(ones), b + 2 * i, 1);
            }
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
}

/* Stores two neighbouring factors of a row as bfloat16 to the tiles that the products with G read. */
static __device__ __forceinline__ void store_factors(unsigned char* shared, int row, int column, float first, float second) {
    unsigned char* tile = shared + FACTORS_AT + column / 64 * TILE_BYTES;
    *(unsigned*) (tile + tile_chunk(row, column % 64 / 8) + column % 8 * 2) = bf16_pair(first, second);
}
