/* contribution_map: the input times the linear map, element by element, and its sums.
 *   per_channel[n, k, c, p] = x[n, p, c] map[n, k, p, c]     per_position: its sum over c     total: its sum over c and p
 * x (N, P, C), map (N, K, P, C), P = H W positions. Each of the three outputs may be null. Sums are computed in double.
 * Launch   contributions: N K ceil(P / BLOCK) blocks, one thread for each position, which writes the block's partial sum;
 *          contribution_totals: one thread for each pair (n, k), which reduces the partial sums in a fixed order.
 * No atomics: same input, same bits. */

extern "C" __global__ __launch_bounds__(BLOCK)
void contributions(float* __restrict__ per_channel, float* __restrict__ per_position, double* __restrict__ parts,
                   const float* __restrict__ x, const float* __restrict__ map, int targets, int positions, int channels) {
    const int runs = (positions + BLOCK - 1) / BLOCK;
    const int image = blockIdx.x / runs / targets, p = (int) (blockIdx.x % runs) * BLOCK + threadIdx.x;
    const long long pair = blockIdx.x / runs;
    double sum = 0;
    if (p < positions) {
        const float* values = x + ((long long) image * positions + p) * channels;
        const float* weights = map + (pair * positions + p) * channels;
#pragma unroll 2 /* unrolled further, a pointer is spilled to local memory on sm_90 */
        for (int c = 0; c < channels; c++) {
            const float value = values[c], weight = weights[c];
            sum += (double) value * weight;
            if (per_channel != 0) per_channel[(pair * channels + c) * positions + p] = value * weight;
        }
        if (per_position != 0) per_position[pair * positions + p] = (float) sum;
    }
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void contribution_totals(float* __restrict__ total, const double* __restrict__ parts, int runs, int pairs) {
    const int pair = blockIdx.x * BLOCK + threadIdx.x;
    if (pair >= pairs) return;
    double sum = 0;
    for (int run = 0; run < runs; run++) sum += parts[(long long) pair * runs + run];
    total[pair] = (float) sum;
}
