/* loss: mean loss of a batch, and its gradient with respect to the logits.
 *   bce   loss = mean over N K of max(z, 0) - z t + log(1 + exp(-|z|))      dz = scale (sigmoid(z) - t) / (N K)
 *   ce    loss = mean over N of log(sum exp z) - z_label                     dz = scale (softmax(z) - t) / N
 * logits, gradient (N, K), labels, weights (N): float; parts (N): double. t is 1 for the label's class and 0 for the others.
 * weights may be null. Otherwise the loss and the gradient of each image are multiplied by its weight.
 * Launch   bce_rows, ce_rows: N blocks of one warp, one image each; loss_mean: one block of BLOCK threads, which reduces the partial
 *          sums in a fixed order.
 * A label that is no class makes the loss and the gradient of its image NaN, which the host checks.
 * exp is only applied to numbers that are not positive, so it does not overflow. No atomics: same input, same bits. */

static __device__ __forceinline__ bool is_class(float label, int classes) {
    return label >= 0.0f && label < (float) classes && label == floorf(label);
}

extern "C" __global__ __launch_bounds__(WARP_SIZE)
void bce_rows(double* __restrict__ parts, float* __restrict__ gradient, const float* __restrict__ logits,
              const float* __restrict__ labels, const float* __restrict__ weights, int classes, double scale) {
    const float label = labels[blockIdx.x];
    const double weight = weights == nullptr ? 1.0 : weights[blockIdx.x];
    const bool valid = is_class(label, classes);
    const long long from = (long long) blockIdx.x * classes;
    double sum = 0;
    for (int k = threadIdx.x; k < classes; k += WARP_SIZE) {
        const double x = logits[from + k], t = k == (int) label ? 1.0 : 0.0;
        const double small = exp(-fabs(x));
        sum += (x > 0 ? x : 0) - x * t + log1p(small);
        const double sigmoid = (x >= 0 ? 1.0 : small) / (1.0 + small);
        gradient[from + k] = valid ? (float) (weight * scale * (sigmoid - t)) : __uint_as_float(0x7fc00000u);
    }
    sum = warp_sum(sum);
    if (threadIdx.x == 0) parts[blockIdx.x] = valid ? weight * sum : (double) __uint_as_float(0x7fc00000u);
}

extern "C" __global__ __launch_bounds__(WARP_SIZE)
void ce_rows(double* __restrict__ parts, float* __restrict__ gradient, const float* __restrict__ logits,
             const float* __restrict__ labels, const float* __restrict__ weights, int classes, double scale) {
    const float label = labels[blockIdx.x];
    const double weight = weights == nullptr ? 1.0 : weights[blockIdx.x];
    const bool valid = is_class(label, classes);
    const long long from = (long long) blockIdx.x * classes;
    float largest = logits[from];
    for (int k = threadIdx.x; k < classes; k += WARP_SIZE) largest = fmaxf(largest, logits[from + k]);
    for (int mask = WARP_SIZE / 2; mask > 0; mask /= 2) largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, mask));
    double sum = 0;
    for (int k = threadIdx.x; k < classes; k += WARP_SIZE) sum += exp((double) logits[from + k] - largest);
    sum = warp_sum(sum);
    for (int k = threadIdx.x; k < classes; k += WARP_SIZE) {
        const double share = exp((double) logits[from + k] - largest) / sum;
        gradient[from + k] =
                valid ? (float) (weight * scale * (share - (k == (int) label ? 1.0 : 0.0))) : __uint_as_float(0x7fc00000u);
    }
    if (threadIdx.x == 0) {
        parts[blockIdx.x] =
                valid ? weight * (log(sum) + largest - logits[from + (int) label]) : (double) __uint_as_float(0x7fc00000u);
    }
}

extern "C" __global__ __launch_bounds__(BLOCK)
void loss_mean(float* __restrict__ loss, const double* __restrict__ parts, int images, double count) {
    double sum = 0;
    for (int i = threadIdx.x; i < images; i += BLOCK) sum += parts[i];
    sum = block_sum<double, BLOCK>(sum);
    if (threadIdx.x == 0) *loss = (float) (sum / count);
}
