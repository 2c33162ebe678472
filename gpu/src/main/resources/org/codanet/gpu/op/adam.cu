/* adam: one step over all parameters at once. Formulas as org.codanet.nn.op.Adam says.
 * A table has one row of ROW numbers a parameter, each of 8 bytes: addresses of value, gradient, mean, variance; then the number of floats.
 * What changes from step to step stands in eight floats and one double, written by adam_numbers: a recorded step reads them anew.
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
    const long long* row = table + ROW * slots[blockIdx.x];
    const long long start = starts[blockIdx.x], count = extent(row, start);
    const float* gradient = (const float*) row[1] + start;
    double sum = 0;
    for (long long i = threadIdx.x; i < count; i += BLOCK) sum += (double) gradient[i] * gradient[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/* The numbers of the steps that follow; most is the bound on the norm, 0 for none. */
extern "C" __global__
void adam_numbers(float* __restrict__ numbers, double* __restrict__ most, float decay, float beta1, float gain1, float beta2,
                  float gain2, float rate, float correction, float epsilon, double bound) {
    if (threadIdx.x != 0) return;
    numbers[0] = decay;
    numbers[1] = beta1;
    numbers[2] = gain1;
    numbers[3] = beta2;
    numbers[4] = gain2;
    numbers[5] = rate;
    numbers[6] = correction;
    numbers[7] = epsilon;
    *most = bound;
}

/* norm (or null) receives the length of all gradients; scale what clipping multiplies each by. */
extern "C" __global__ __launch_bounds__(BLOCK)
void adam_norm(float* __restrict__ norm, float* __restrict__ scale, const double* __restrict__ parts, int count,
               const double* __restrict__ bound) {
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += BLOCK) sum += parts[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x != 0) return;
    const double length = sqrt(sum), most = *bound;
    if (norm != 0) *norm = (float) length;
    *scale = most > 0 && most < length + 1e-6 ? (float) (most / (length + 1e-6)) : 1.0f;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void adam_step(const long long* __restrict__ table, const int* __restrict__ slots, const long long* __restrict__ starts,
               const float* __restrict__ scale, const float* __restrict__ numbers) {
    const float decay = numbers[0], beta1 = numbers[1], gain1 = numbers[2], beta2 = numbers[3], gain2 = numbers[4];
    const float rate = numbers[5], correction = numbers[6], epsilon = numbers[7];
    const long long* row = table + ROW * slots[blockIdx.x];
    const long long start = starts[blockIdx.x], count = extent(row, start);
    float* value = (float*) row[0] + start;
    float* gradient = (float*) row[1] + start;
    float* mean = (float*) row[2] + start;
    float* variance = (float*) row[3] + start;
    const float factor = *scale;
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
