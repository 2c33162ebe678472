/* image_input: images (N, C, P) to the network's input, with or without inverse channels.
 *   x[n, p, c] = image[n, c, p]      x[n, p, C + c] = 1 - image[n, c, p]
 * images in [0, 1], x (N, P, C or 2C), P positions, all float.
 *
 * image_bytes: the same from bytes, for a window of W columns at (top, left) of each image, mirrored or not; p = y W + u.
 *   x[n, y, u, c] = image[n, c, top + y, left + (mirrored ? W - 1 - u : u)] / 255, 0 outside the image; inverse channels as above
 * images (N, C, Hs, Ws) bytes; placement (N, 3), whole numbers as float: (top, left, mirrored), null for (0, 0, 0) for every image.
 * The quotients have the bits of IEEE's division, as on the host.
 *
 * Launch   both: ceil(N P / BLOCK) blocks, one thread for each position. Reads of each plane are coalesced; the writes of a warp are
 *          contiguous. */

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

extern "C" __global__ __launch_bounds__(BLOCK)
void image_bytes(float* __restrict__ x, const unsigned char* __restrict__ images, const float* __restrict__ placement,
                 int stored_height, int stored_width, int positions, int width, int channels, int inverse,
                 long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long image = i / positions;
    const int position = (int) (i % positions);
    int row = position / width, column = position % width;
    if (placement != nullptr) {
        const float* place = placement + image * 3;
        row += (int) place[0];
        column = (int) place[1] + (place[2] != 0.0f ? width - 1 - column : column);
    }
    const bool inside = row >= 0 && row < stored_height && column >= 0 && column < stored_width;
    const long long plane = (long long) stored_height * stored_width;
    const long long from = image * channels * plane + (long long) row * stored_width + column;
    float* to = x + i * (inverse ? 2 * channels : channels);
    for (int c = 0; c < channels; c++) {
        const float value = inside ? byte_share(images[from + c * plane]) : 0.0f;
        to[c] = value;
        if (inverse) to[channels + c] = 1.0f - value;
    }
}
