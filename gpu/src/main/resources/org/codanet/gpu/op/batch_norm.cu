/* batch_norm: y = gamma (x - mu) / sqrt(sigma2 + epsilon) + beta for each channel, and its gradients; the formulas are in BatchNorm.java.
 * x, y and gradients are (rows, C); gamma, beta and the running statistics (C); saved (2, C): mu and 1 / sqrt(sigma2 + epsilon) of a
 * batch; sums (2, C): sum g and sum g x^ of each channel.
 * Launch   norm_forward, norm_back_project, norm_apply, norm_gradient: one thread for each element, coalesced.
 *          norm_parts: (ceil(C / WARP_SIZE), chunks) blocks of BLOCK threads. A block sums ROWS rows of WARP_SIZE channels in double.
 *          norm_statistics, norm_sums: one thread for each channel, which reduces the partial sums in a fixed order.
 * No atomics: same input, same bits. */

extern "C" __global__ __launch_bounds__(BLOCK)
void norm_forward(float* __restrict__ y, const float* __restrict__ x, const float* __restrict__ gamma,
                  const float* __restrict__ beta, const float* __restrict__ mean, const float* __restrict__ variance,
                  float epsilon, int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int c = (int) (i % channels);
    y[i] = (x[i] - mean[c]) * (gamma[c] / sqrtf(variance[c] + epsilon)) + beta[c];
}

extern "C" __global__ __launch_bounds__(BLOCK)
void norm_back_project(float* __restrict__ dx, const float* __restrict__ dy, const float* __restrict__ gamma,
                       const float* __restrict__ variance, float epsilon, int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int c = (int) (i % channels);
    dx[i] = dy[i] * (gamma[c] / sqrtf(variance[c] + epsilon));
}

/* parts (chunks, 2, C): of each channel sum g and sum g (x - saved mu). Without saved, mu is 0. */
extern "C" __global__ __launch_bounds__(BLOCK)
void norm_parts(double* __restrict__ parts, const float* g, const float* x, const float* __restrict__ saved, int channels,
                long long rows) {
    __shared__ double sums[BLOCK], products[BLOCK];
    const int c = blockIdx.x * WARP_SIZE + threadIdx.x % WARP_SIZE;
    const long long first = (long long) blockIdx.y * ROWS, end = first + ROWS < rows ? first + ROWS : rows;
    const double mean = saved != nullptr && c < channels ? saved[c] : 0.0;
    double sum = 0, product = 0;
    for (long long row = first + threadIdx.x / WARP_SIZE; c < channels && row < end; row += BLOCK / WARP_SIZE) {
        const double upper = g[row * channels + c];
        sum += upper;
        product += upper * (x[row * channels + c] - mean);
    }
    sums[threadIdx.x] = sum;
    products[threadIdx.x] = product;
    __syncthreads();
    if (threadIdx.x >= WARP_SIZE || c >= channels) return;
    for (int i = 1; i < BLOCK / WARP_SIZE; i++) {
        sum += sums[i * WARP_SIZE + threadIdx.x];
        product += products[i * WARP_SIZE + threadIdx.x];
    }
    parts[(long long) blockIdx.y * 2 * channels + c] = sum;
    parts[((long long) blockIdx.y * 2 + 1) * channels + c] = product;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void norm_statistics(float* __restrict__ saved, float* __restrict__ mean, float* __restrict__ variance,
                     const double* __restrict__ parts, double momentum, double epsilon, int channels, int chunks,
                     long long rows) {
    const int c = blockIdx.x * BLOCK + threadIdx.x;
    if (c >= channels) return;
    double sum = 0, square = 0;
    for (int i = 0; i < chunks; i++) {
        sum += parts[(long long) i * 2 * channels + c];
        square += parts[((long long) i * 2 + 1) * channels + c];
    }
    const double average = sum / rows, squares = fmax(0.0, square - sum * average);
    saved[c] = (float) average;
    saved[channels + c] = (float) (1 / sqrt(squares / rows + epsilon));
    mean[c] += (float) (momentum * (average - mean[c]));
    variance[c] += (float) (momentum * (squares / (rows - 1) - variance[c]));
}

extern "C" __global__ __launch_bounds__(BLOCK)
void norm_apply(float* __restrict__ y, const float* __restrict__ x, const float* __restrict__ gamma,
                const float* __restrict__ beta, const float* __restrict__ saved, int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int c = (int) (i % channels);
    y[i] = (x[i] - saved[c]) * (gamma[c] * saved[channels + c]) + beta[c];
}

/* Adds to dgamma and dbeta unless they are null. */
extern "C" __global__ __launch_bounds__(BLOCK)
void norm_sums(float* __restrict__ sums, float* __restrict__ dgamma, float* __restrict__ dbeta,
               const double* __restrict__ parts, const float* __restrict__ saved, int channels, int chunks) {
    const int c = blockIdx.x * BLOCK + threadIdx.x;
    if (c >= channels) return;
    double sum = 0, product = 0;
    for (int i = 0; i < chunks; i++) {
        sum += parts[(long long) i * 2 * channels + c];
        product += parts[((long long) i * 2 + 1) * channels + c];
    }
    product *= saved[channels + c];
    sums[c] = (float) sum;
    sums[channels + c] = (float) product;
    if (dgamma != nullptr) {
        dgamma[c] += (float) product;
        dbeta[c] += (float) sum;
    }
}

extern "C" __global__ __launch_bounds__(BLOCK)
void norm_gradient(float* __restrict__ dx, const float* __restrict__ dy, const float* __restrict__ x,
                   const float* __restrict__ gamma, const float* __restrict__ saved, const float* __restrict__ sums,
                   int channels, long long rows) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= rows * channels) return;
    const int c = (int) (i % channels);
    const float inverse = saved[channels + c], share = 1.0f / (float) rows;
    const float normalised = (x[i] - saved[c]) * inverse;
    dx[i] = gamma[c] * inverse * (dy[i] - sums[c] * share - normalised * (sums[channels + c] * share));
}
