/* sum_pool: activations to logits, logit_k = sum over positions of z_k / T + bias; its gradient, and the seeds of back-projections.
 * z, dz (N, P, K), logits (N, K), seeds (N, S, P, K): float; P positions, T the temperature.
 * Launch   pool_forward: (N, ceil(K / WARP_SIZE)) blocks of BLOCK threads. Each warp sums every (BLOCK / WARP_SIZE)th position of
 *          WARP_SIZE classes in double; the partial sums are reduced in a fixed order. pool_backward, pool_seed: one thread for each
 *          element, coalesced. highest_logits: one block for each image.
 * No atomics: same input, same bits. */

extern "C" __global__ __launch_bounds__(BLOCK)
void pool_forward(float* __restrict__ logits, const float* __restrict__ z, int positions, int classes, double temperature,
                  double bias) {
    __shared__ double parts[BLOCK];
    const int k = blockIdx.y * WARP_SIZE + threadIdx.x % WARP_SIZE;
    double sum = 0;
    for (int p = threadIdx.x / WARP_SIZE; k < classes && p < positions; p += BLOCK / WARP_SIZE) {
        sum += z[((long long) blockIdx.x * positions + p) * classes + k];
    }
    parts[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x >= WARP_SIZE || k >= classes) return;
    for (int row = 1; row < BLOCK / WARP_SIZE; row++) sum += parts[row * WARP_SIZE + threadIdx.x];
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

/* targets (N, columns): classes as float. The seeds are those of the columns first .. first + per_image - 1: 1 / T in the channel of the target. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pool_seed(float* __restrict__ seeds, const float* __restrict__ targets, int columns, int first, int per_image,
               int positions, int classes, float value, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long seed = i / classes / positions;
    const float target = targets[seed / per_image * columns + first + seed % per_image];
    seeds[i] = target == (float) (i % classes) ? value : 0.0f;
}

/* channels (N, wanted): the classes of the highest logits, highest first. A thread counts the classes ahead of its own, so that ties and NaN
 * have a fixed order. */
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
