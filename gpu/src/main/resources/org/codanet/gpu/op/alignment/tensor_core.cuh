/* tensor_core: what the kernels of the tensor-core form share. They compute dynamic weights in accumulator registers,
 *   w_i (positions, D) = a (positions, R) B_i (R, D) + b_i          for one patch entry i after the other
 * by mma instructions of (16 positions) x (8 units) x (DEPTH of the rank); device.cuh says which thread holds which element.
 * Terms: a step is one mma along the rank, a group is the 8 units of one mma, a tile is UNIT_TILE units of one patch entry, and a
 * fragment is the part of an operand that one lane holds. A 32-bit word of a fragment holds VALUES values.
 * TensorCoreTiling hands these to NVRTC:
 *   K_STEPS     steps that cover the rank, an even number          BF16        0: TF32 operands, 1: bfloat16 operands
 *   UNIT_TILE   units of a tile        TILE_WORDS   words of a tile: fragments, then UNIT_TILE floats b_i
 *   THREADS     threads of a block     WARP_SIZE         threads of a warp                                                  */

#define VALUES (BF16 ? 2 : 1)
#define DEPTH (8 * VALUES)
#define GROUPS (UNIT_TILE / 8)
#define PAIR_WORDS (4 * WARP_SIZE) /* right-operand fragments of two steps and one group: 16 bytes a lane */
#define FRAGMENT_WORDS (K_STEPS / 2 * GROUPS * PAIR_WORDS)
#define WARPS (THREADS / WARP_SIZE)
static_assert(K_STEPS % 2 == 0 && TILE_WORDS == FRAGMENT_WORDS + UNIT_TILE, "Java and the kernels disagree on tiles");

/* The word with the value at k and, of bfloat16, the one after it; 0 for a value at or beyond end. */
static __device__ __forceinline__ unsigned word(const float* at, long long stride, int k, int end) {
    const float first = k < end ? at[k * stride] : 0.0f;
#if BF16
    const float second = k + 1 < end ? at[(k + 1) * stride] : 0.0f;
    return bf16_half(second) << 16 | bf16_half(first);
#else
    return tf32_word(first);
#endif
}

/* One mma: c (16, 8) += a (16, DEPTH) b (DEPTH, 8). */
static __device__ __forceinline__ void multiply(float* c, const unsigned* a, const unsigned* b) {
#if BF16
    mma_bf16(c, a, b);
#else
    mma_tf32(c, a, b);
#endif
}

/* Left-operand fragments of 16 positions from first on: their factors, R of every stride floats. Rows at or beyond rows are 0. */
template <class Row>
static __device__ __forceinline__ void load_left(unsigned (*left)[4], const float* factors, int stride, Row first, Row rows,
                                                 int rank, int lane) {
    const int g = lane / 4, t = lane % 4;
#pragma unroll
    for (int step = 0; step < K_STEPS; step++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const Row row = first + g + i % 2 * 8;
            const int k = step * DEPTH + i / 2 * (DEPTH / 2) + t * VALUES;
            left[step][i] = row < rows ? word(factors + (long long) row * stride, 1, k, rank) : 0u;
        }
    }
}

/* Right-operand fragments of two steps, from a multiple of 16 bytes. */
static __device__ __forceinline__ void read_16(unsigned* to, const unsigned* from) {
    const float4 words = *(const float4*) from;
    to[0] = __float_as_uint(words.x);
    to[1] = __float_as_uint(words.y);
    to[2] = __float_as_uint(words.z);
    to[3] = __float_as_uint(words.w);
}
