/* max_pool: the largest value of each window, and the gradient of its output by the rules of ReluRule.java.
 * x, x0 (N, H, W, C), y (N, Ho, Wo, C), dy (N, K, Ho, Wo, C), dx (N, K, H, W, C): float.
 * Launch   one thread for each element of the output; coalesced, as neighbouring threads have neighbouring channels. In the backward
 *          pass a thread owns an element of dx and adds the windows that contain it, in a fixed order.
 * No atomics: same input, same bits. */

struct pool_extents {
    int height, width, out_height, out_width, channels;
};

/* Position (row * W + column) in the image of the largest value of a window; image points to channel c of the image's first pixel. */
static __device__ __forceinline__ int pool_largest(const float* image, const pool_extents& e, int row, int column) {
    const int top = row * STRIDE - PADDING, left = column * STRIDE - PADDING;
    int best = -1;
    float largest = 0;
#pragma unroll 1 /* unrolled, the gradient would not fit in registers */
    for (int py = top < 0 ? 0 : top; py < top + KERNEL && py < e.height; py++) {
#pragma unroll 1
        for (int px = left < 0 ? 0 : left; px < left + KERNEL && px < e.width; px++) {
            const int position = py * e.width + px;
            const float value = image[(long long) position * e.channels];
            if (best < 0 || value > largest || (value != value && largest == largest)) {
                best = position;
                largest = value;
            }
        }
    }
    return best;
}

extern "C" __global__ __launch_bounds__(BLOCK)
void pool_max(float* __restrict__ y, const float* __restrict__ x, int height, int width, int out_height, int out_width,
              int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const pool_extents e = {height, width, out_height, out_width, channels};
    const int c = (int) (i % channels), column = (int) (i / channels % out_width);
    const long long line = i / channels / out_width;
    const float* image = x + line / out_height * height * width * channels + c;
    y[i] = image[(long long) pool_largest(image, e, (int) (line % out_height), column) * channels];
}

/* x0 is null unless the rule is RESCALE. */
/* Four blocks a multiprocessor: with its own choice of registers, the compiler keeps one on a stack. */
extern "C" __global__ __launch_bounds__(BLOCK, 4)
void pool_max_backward(float* __restrict__ dx, const float* __restrict__ dy, const float* x, const float* x0, int targets,
                       int height, int width, int out_height, int out_width, int channels, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const pool_extents e = {height, width, out_height, out_width, channels};
    /* Indices of 32 bits: a division of 64 bits would keep registers on a stack. CudaMaxPool.java refuses more elements. */
    const unsigned index = (unsigned) i, pixel = index / (unsigned) channels, line = pixel / (unsigned) width;
    const unsigned row = line / (unsigned) height;
    const int c = (int) (index - pixel * channels), px = (int) (pixel - line * width), py = (int) (line - row * height);
    const long long start = (long long) (row / (unsigned) targets) * height * width * channels + c;
    const float* image = x + start;
    const int own = py * width + px;
    int first_row = py + PADDING - KERNEL + 1, first_column = px + PADDING - KERNEL + 1;
    first_row = first_row <= 0 ? 0 : (first_row + STRIDE - 1) / STRIDE;
    first_column = first_column <= 0 ? 0 : (first_column + STRIDE - 1) / STRIDE;
    float sum = 0;
#pragma unroll 1
    for (int r = first_row; r < out_height && r * STRIDE - PADDING <= py; r++) {
#pragma unroll 1
        for (int q = first_column; q < out_width && q * STRIDE - PADDING <= px; q++) {
            int receiver = pool_largest(image, e, r, q);
            float factor = 1;
            if (x0 != nullptr) {
                const float* base = x0 + start;
                const int other = pool_largest(base, e, r, q);
                const double change = (double) image[(long long) receiver * channels] - base[(long long) other * channels];
                receiver = change >= 0 ? receiver : other;
                const double difference =
                        (double) image[(long long) receiver * channels] - base[(long long) receiver * channels];
                factor = fabs(difference) < 1e-10 ? 1.0f : quotient((float) change, (float) difference);
            }
            if (receiver == own) sum += factor * dy[(((long long) row * out_height + r) * out_width + q) * channels + c];
        }
    }
    dx[i] = sum;
}
