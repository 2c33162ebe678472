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

/* targets: (N T) classes, as int. */
extern "C" __global__ __launch_bounds__(BLOCK)
void pool_seed(float* __restrict__ seeds, const int* __restrict__ targets, int positions, int classes, float value,
               long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) seeds[i] = targets[i / classes / positions] == i % classes ? value : 0.0f;
}
