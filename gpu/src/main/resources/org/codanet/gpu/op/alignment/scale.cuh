/* scale: the factor f between a unit's score and its output, y = s f, and its derivative.
 *   SQ   f = n / (1 + q)        e = g s (1 - q) / ((1 + q)^2 n)         n = sqrt(q)                                   (1)
 *   L2   f = 1 / n              e = -g s / (n q)                                                                      (2)
 *   WB   f = 1 / (F n)          e = 0; q is the squared norm of the patch, F = |B_j A^T|_F                             (3)
 * with e = 2 g s df/dq as in org.codanet.nn.op.alignment. f and e are 0 where the formula would divide by 0.
 * NORM_SQ, NORM_L2 and NORM_WB are the ordinals of the Java enum Norm (AlignmentKernels hands them to NVRTC). */

static __device__ __forceinline__ float scale_of(int norm, float q, float frobenius) {
    if (norm == NORM_SQ) return sqrtf(q) / (1.0f + q);
    const float divisor = norm == NORM_L2 ? sqrtf(q) : frobenius * sqrtf(q);
    return divisor == 0.0f ? 0.0f : 1.0f / divisor; /* a NaN stays NaN */
}

/* e of SQ and L2; g = dLoss/dy. */
static __device__ __forceinline__ float scale_derivative(int norm, float g, float s, float q) {
    const float n = sqrtf(q), d = 1.0f + q;
    return q == 0.0f ? 0.0f : g * s * (norm == NORM_SQ ? (1.0f - q) / (d * d * n) : -1.0f / (n * q));
}
