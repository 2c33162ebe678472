/* adam: one step over all parameters at once. Formulas as org.codanet.nn.op.Adam says.
 * A table has one row a parameter, 5 numbers of 8 bytes: addresses of value, gradient, mean, variance; then the number of floats.
 * The parameters are cut into chunks of CHUNK floats: chunk c is the floats from starts[c] on of parameter slots[c].
 * Launch   adam_squares, adam_step: one block of BLOCK threads a chunk, coalesced; adam_norm: one block adds the parts in order.
 * Access   adam_step reads 4 and writes 4 floats an element: bound by memory. No atomics: same input, same bits. */

static __device__ __forceinline__ long long extent(const long long* row, long long start) {
    const long long left = row[4] - start;
    return left < CHUNK ? left : CHUNK;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void adam_squares(double* __restrict__ parts, const long long* __restrict__ table, const int* __restrict__ slots,
                  const long long* __restrict__ starts) {
    const long long* row = table + 5 * slots[blockIdx.x];
    const long long start = starts[blockIdx.x], count = extent(row, start);
    const float* gradient = (const float*) row[1] + start;
    double sum = 0;
    for (long long i = threadIdx.x; i < count; i += BLOCK) sum += (double) gradient[i] * gradient[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/* norm (or null) receives the length of all gradients; scale what clipping multiplies each by. */
extern "C" __global__ __launch_bounds__(BLOCK)
void adam_norm(float* __restrict__ norm, float* __restrict__ scale, const double* __restrict__ parts, int count, double most) {
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += BLOCK) sum += parts[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x != 0) return;
    const double length = sqrt(sum);
    if (norm != 0) *norm = (float) length;
    *scale = most > 0 && most < length + 1e-6 ? (float) (most / (length + 1e-6)) : 1.0f;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void adam_step(const long long* __restrict__ table, const int* __restrict__ slots, const long long* __restrict__ starts,
               const float* __restrict__ scale, float decay, float beta1, float gain1, float beta2, float gain2, float rate,
               float correction, float epsilon) {
    const long long* row = table + 5 * slots[blockIdx.x];
    const long long start = starts[blockIdx.x], count = extent(row, start);
    float* value = (float*) row[0] + start;
    float* gradient = (float*) row[1] + start;
    float* mean = (float*) row[2] + start;
    float* variance = (float*) row[3] + start;
    const float factor = scale == 0 ? 1.0f : *scale;
    for (long long i = threadIdx.x; i < count; i += BLOCK) {
        const float old = value[i];
        const float g = gradient[i] * factor + decay * old;
        const float m = beta1 * mean[i] + gain1 * g;
        const float v = beta2 * variance[i] + gain2 * g * g;
        mean[i] = m;
        variance[i] = v;
        value[i] = old - rate * m / (sqrtf(v) * correction + epsilon);
        gradient[i] = 0.0f;
    }
}
