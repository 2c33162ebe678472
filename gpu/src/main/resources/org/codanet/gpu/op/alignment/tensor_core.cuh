/* What the kernels with weights in registers share: the sizes of their fragments, in terms of STEPS, the steps of a matrix unit
 * along the rank (an even number), and BFLOAT, 0 or 1. */

#define VALUES (BFLOAT ? 2 : 1)
#define DEPTH (8 * VALUES)
#define GROUPS 4
#define FRAGMENT_WORDS (STEPS / 2 * GROUPS * 128)
#define TILE_WORDS (FRAGMENT_WORDS + 32)

/* The word with the value at k and, of bfloat16, the one after it; 0 for a value at or beyond end. */
static __device__ __forceinline__ unsigned word(const float* at, long long stride, int k, int end) {
    const float first = k < end ? at[k * stride] : 0.0f;
#if BFLOAT
    const float second = k + 1 < end ? at[(k + 1) * stride] : 0.0f;
    return bf16_half(second) << 16 | bf16_half(first);
#else
    return tf32_word(first);
#endif
}

/* c (16, 8) += a (16, DEPTH) b (DEPTH, 8), see device.cuh. */
static __device__ __forceinline__ void multiply(float* c, const unsigned* a, const unsigned* b) {
#if BFLOAT
    mma_bf16(c, a, b);
#else
    mma_tf32(c, a, b);
#endif
}
