/* image_input: images as files have them to the network's input, with or without the inverse channels.
 *   x[n, p, c] = image[n, c, p]      x[n, p, C + c] = 1 - image[n, c, p]
 * images (N, C, P) in [0, 1], x (N, P, C or 2C), P positions, all float.
 * Launch   ceil(N P / BLOCK) blocks, one thread a position: reads of each plane coalesced, the writes of a warp are one run. */

extern "C" __global__ __launch_bounds__(BLOCK)
void image_input(float* __restrict__ x, const float* __restrict__ images, int positions, int channels, int inverse,
                 long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long image = i / positions, position = i % positions;
    float* to = x + i * (inverse ? 2 * channels : channels);
    for (int c = 0; c < channels; c++) {
        const float value = images[(image * channels + c) * positions + position];
        to[c] = value;
        if (inverse) to[channels + c] = 1.0f - value;
    }
}
