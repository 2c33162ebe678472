/* convolution: what cuDNN does not do. It wants filters (Co, P) and has no sum of a bias that is the same in every run;
 * ours are (P, Co), P = k k Ci.
 * Launch   transpose, add_transposed, add_bias: one thread an element, writes coalesced. bias_parts: (ceil(Co / 32), chunks)
 *          blocks of BLOCK: 32 channels side by side, ROWS rows of dy a chunk; bias_finish: one thread a channel adds them in
 *          order. No atomics: same input, same bits. */

/* to (columns, rows) = from (rows, columns) transposed. */
extern "C" __global__ __launch_bounds__(BLOCK)
void transpose(float* __restrict__ to, const float* __restrict__ from, int rows, int columns, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) to[i] = from[i % rows * columns + i / rows];
}

extern "C" __global__ __launch_bounds__(BLOCK)
void add_transposed(float* __restrict__ to, const float* __restrict__ from, int rows, int columns, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) to[i] += from[i % rows * columns + i / rows];
}

extern "C" __global__ __launch_bounds__(BLOCK)
void add_bias(float* __restrict__ y, const float* __restrict__ bias, int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) y[i] += bias[i % channels];
}

extern "C" __global__ __launch_bounds__(BLOCK)
void bias_parts(float* __restrict__ parts, const float* __restrict__ dy, int channels, long long rows) {
    __shared__ float sums[BLOCK];
    const int c = blockIdx.x * 32 + threadIdx.x % 32;
    const long long first = (long long) blockIdx.y * ROWS, end = first + ROWS < rows ? first + ROWS : rows;
    float sum = 0;
    for (long long row = first + threadIdx.x / 32; c < channels && row < end; row += BLOCK / 32) sum += dy[row * channels + c];
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x >= 32 || c >= channels) return;
    for (int i = 1; i < BLOCK / 32; i++) sum += sums[i * 32 + threadIdx.x];
    parts[(long long) blockIdx.y * channels + c] = sum;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void bias_finish(float* __restrict__ dbias, const float* __restrict__ parts, int channels, int chunks) {
    const int c = blockIdx.x * BLOCK + threadIdx.x;
    if (c >= channels) return;
    float sum = 0;
    for (int i = 0; i < chunks; i++) sum += parts[(long long) i * channels + c];
    dbias[c] += sum;
}
