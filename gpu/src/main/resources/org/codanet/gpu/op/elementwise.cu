/* elementwise: operations on whole tensors of count floats.
 * Launch   axpy, sign: ceil(count / BLOCK) blocks of BLOCK threads, one thread for each element, coalesced.
 *          absolute_parts: a fixed number of blocks, each with a grid-stride loop; absolute_finish: one block, which reduces the partial
 *          sums in a fixed order. Sums are computed in double.
 *          not_finite: as axpy. Every thread that finds a value that is not finite stores 1 to the same flag, with a relaxed store.
 * No atomics: same input, same bits. */

extern "C" __global__ __launch_bounds__(BLOCK)
void axpy(float* __restrict__ to, const float* __restrict__ from, float factor, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) to[i] += factor * from[i];
}

extern "C" __global__ __launch_bounds__(BLOCK)
void sign(float* __restrict__ to, const float* __restrict__ from, float factor, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const float value = from[i];
    to[i] = value > 0.0f ? factor : value < 0.0f ? -factor : factor * value; /* keeps 0 and NaN */
}

extern "C" __global__ __launch_bounds__(BLOCK)
void absolute_parts(double* __restrict__ parts, const float* __restrict__ values, long long count) {
    double sum = 0;
    const long long step = (long long) gridDim.x * BLOCK;
    for (long long i = (long long) blockIdx.x * BLOCK + threadIdx.x; i < count; i += step) sum += fabs((double) values[i]);
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void absolute_finish(float* __restrict__ out, const double* __restrict__ parts, int count) {
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += BLOCK) sum += parts[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) *out = (float) sum;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void not_finite(float* __restrict__ flag, const float* __restrict__ values, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count && (__float_as_uint(values[i]) & 0x7f800000u) == 0x7f800000u) store_agreed(flag, 1.0f);
}
