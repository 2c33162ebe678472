/* sum_pool: activations to logits, logit_k = sum over positions of z_k / T + bias, and the ways back.
 * z, dz (N, P, K), logits (N, K), seeds (N, T, P, K): float; P positions.
 * Launch   pool_forward: (N, ceil(K / 32)) blocks of BLOCK threads: 32 classes side by side, BLOCK / 32 positions below each
 *          other, sums in double, added in order. pool_backward, pool_seed: one thread an element, coalesced.
 * No atomics: same input, same bits. */

extern "C" __global__ __launch_bounds__(BLOCK)
void pool_forward(float* __restrict__ logits, const float* __restrict__ z, int positions, int classes, double temperature,
                  double bias) {
    __shared__ double parts[BLOCK];
    const int k = blockIdx.y * 32 + threadIdx.x % 32;
    double sum = 0;
    for (int p = threadIdx.x / 32; k < classes && p < positions; p += BLOCK / 32) {
        sum += z[((long long) blockIdx.x * positions + p) * classes + k];
    }
    parts[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x >= 32 || k >= classes) return;
    for (int row = 1; row < BLOCK / 32; row++) sum += parts[row * 32 + threadIdx.x];
    logits[(long long) blockIdx.x * classes + k] = (float) (sum / temperature + bias);
}

extern "C" __global__ __launch_bounds__(BLOCK)
void pool_backward(float* __restrict__ dz, const float* __restrict__ dlogits, int positions, int classes, double temperature,
                   long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long image = i / classes / positions;
    dz[i] = (float) (dlogits[image * classes + i % classes] / temperature);
}

/* targets (N, columns), channels as float; the seeds are those of columns first .. first + per_image - 1. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pool_seed(float* __restrict__ seeds, const float* __restrict__ targets, int columns, int first, int per_image,
               int positions, int classes, float value, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long seed = i / classes / positions;
    const float target = targets[seed / per_image * columns + first + seed % per_image];
    seeds[i] = target == (float) (i % classes) ? value : 0.0f;
}

/* channels (N, wanted): where each class stands is counted, so that ties and NaN have one order. One block an image. */
extern "C" __global__ __launch_bounds__(BLOCK)
void highest_logits(float* __restrict__ channels, const float* __restrict__ logits, int classes, int wanted) {
    const float* values = logits + (long long) blockIdx.x * classes;
    for (int k = threadIdx.x; k < classes; k += BLOCK) {
        const float own = values[k];
        int ahead = 0;
        for (int other = 0; other < classes; other++) {
            const float value = values[other];
            const bool level = value == own || (value != value && own != own);
            ahead += value > own || (value == value && own != own) || (level && other < k);
        }
        if (ahead < wanted) channels[(long long) blockIdx.x * wanted + ahead] = (float) k;
    }
}
