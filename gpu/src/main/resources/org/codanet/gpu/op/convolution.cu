/* convolution: the parts that cuDNN does not compute. cuDNN reads filters (Co, P), ours are (P, Co), P = k k Ci; and cuDNN's sum for the
 * gradient of the bias is not deterministic.
 * Launch   transpose, add_transposed, add_bias: one thread for each element, writes coalesced.
 *          bias_parts: (ceil(Co / WARP_SIZE), ceil(rows / ROWS)) blocks of BLOCK threads. A block sums ROWS rows of dy for WARP_SIZE
 *          channels. bias_finish: one thread for each channel, which reduces the partial sums in a fixed order.
 * No atomics: same input, same bits. */

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
    const int c = blockIdx.x * WARP_SIZE + threadIdx.x % WARP_SIZE;
    const long long first = (long long) blockIdx.y * ROWS, end = first + ROWS < rows ? first + ROWS : rows;
    float sum = 0;
    for (long long row = first + threadIdx.x / WARP_SIZE; c < channels && row < end; row += BLOCK / WARP_SIZE) sum += dy[row * channels + c];
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x >= WARP_SIZE || c >= channels) return;
    for (int i = 1; i < BLOCK / WARP_SIZE; i++) sum += sums[i * WARP_SIZE + threadIdx.x];
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
