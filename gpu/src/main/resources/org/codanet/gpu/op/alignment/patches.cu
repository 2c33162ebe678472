/* patches: im2col, col2im and the patch norms of WB.
 *   x (N, H, W, C), dx likewise     patches (m, P), P = k k C in the order (ky, kx, c)
 * m = N Ho Wo rows, one for each output position (n, oy, ox).
 * Launch   squared_patch_norms: one warp a row, BLOCK threads. Others: one thread an element, grid ceil(count / BLOCK).
 * Access   neighbouring threads read and write neighbouring channels.
 * Edges    entries outside the image are 0.
 * No atomics: col2im gathers, it adds the patch entries of an input value in the order of (ky, kx). Same input, same bits. */

/* One thread an entry of patches. */
extern "C" __global__ __launch_bounds__(BLOCK)
void im2col(float* __restrict__ patches, const float* __restrict__ x, int h, int w, int c, int oh, int ow, int kernel, int stride,
            int padding, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int length = kernel * kernel * c, entry = (int) (i % length);
    const long long row = i / length, image = row / (oh * ow);
    const int position = (int) (row % (oh * ow)), tap = entry / c;
    const int iy = position / ow * stride - padding + tap / kernel, ix = position % ow * stride - padding + tap % kernel;
    const bool inside = iy >= 0 && iy < h && ix >= 0 && ix < w;
    patches[i] = inside ? x[((image * h + iy) * w + ix) * c + entry % c] : 0.0f;
}

/* One thread an element of dx, which is overwritten, or added to if adds is 1. */
extern "C" __global__ __launch_bounds__(BLOCK)
void col2im(float* __restrict__ dx, const float* __restrict__ patches, int h, int w, int c, int oh, int ow, int kernel, int stride,
            int padding, int adds, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const int channel = (int) (i % c), ix = (int) (i / c % w), iy = (int) (i / c / w % h);
    const long long image = i / c / w / h;
    const long long length = (long long) kernel * kernel * c;
    float sum = 0;
    for (int ky = 0; ky < kernel; ky++) {
        const int y = iy + padding - ky;
        if (y < 0 || y % stride != 0 || y / stride >= oh) continue;
        for (int kx = 0; kx < kernel; kx++) {
            const int x = ix + padding - kx;
            if (x < 0 || x % stride != 0 || x / stride >= ow) continue;
            sum += patches[((image * oh + y / stride) * ow + x / stride) * length + (ky * kernel + kx) * c + channel];
        }
    }
    dx[i] = adds ? dx[i] + sum : sum;
}

/* WB. One warp a row: q = |p|^2. */
extern "C" __global__ __launch_bounds__(BLOCK)
void squared_patch_norms(float* __restrict__ q, const float* __restrict__ patches, int length, long long rows) {
    const long long row = (long long) blockIdx.x * (BLOCK / WARP_SIZE) + threadIdx.x / WARP_SIZE;
    float sum = 0;
    for (int p = threadIdx.x % WARP_SIZE; row < rows && p < length; p += WARP_SIZE) {
        sum += patches[row * length + p] * patches[row * length + p];
    }
    sum = warp_sum(sum);
    if (row < rows && threadIdx.x % WARP_SIZE == 0) q[row] = sum;
}

/* WB. dp += beta p, the gradient through |p|; beta (m) is from wb_beta of weight_gradients.cu. */
extern "C" __global__ __launch_bounds__(BLOCK)
void add_scaled_patches(float* __restrict__ dpatches, const float* __restrict__ patches, const float* __restrict__ beta, int length,
                        long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i < count) dpatches[i] += beta[i / length] * patches[i];
}
