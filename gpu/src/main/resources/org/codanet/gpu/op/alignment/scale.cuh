/* f of q, the factor between a score and its output, by the number of the layer's norm; 0 where it would divide by 0. */

#define SQ 0
#define L2 1
#define WB 2

static __device__ __forceinline__ float factor(int norm, float q, float frobenius) {
    if (norm == SQ) return sqrtf(q) / (1.0f + q);
    const float below = norm == L2 ? sqrtf(q) : frobenius * sqrtf(q);
    return below == 0.0f ? 0.0f : 1.0f / below; /* a NaN stays one */
}
