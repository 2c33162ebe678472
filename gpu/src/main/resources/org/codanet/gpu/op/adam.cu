/* adam: one step of the optimiser over all parameters in one launch. Formulas: org.codanet.nn.op.Adam.
 * table: one row of ROW long long for each parameter: the addresses of value, gradient, mean and variance, then the number of floats.
 * Every parameter is split into chunks of CHUNK floats: chunk c is the floats from starts[c] on of the parameter in row slots[c].
 * numbers: 8 floats that change from step to step, and bound, a double. adam_numbers writes them. A replay of a captured step reads the
 * numbers that are there at the replay.
 * Launch   adam_squares, adam_step: one block of BLOCK threads for each chunk, coalesced. adam_norm: one block, which reduces the
 *          partial sums in a fixed order. adam_numbers: one warp.
 * Access   adam_step reads 4 and writes 4 floats for each element: memory-bound. No atomics: same input, same bits. */

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

/* Writes the numbers of the steps that follow; *most becomes the bound on the norm, 0 for no bound. */
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

/* Writes the norm of all gradients together to norm, unless that is null, and the factor of gradient clipping to scale. */
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
