/* image_augmentation: applies random operations to training images in place. Each image has its own operations.
 *   x[n, p, 0 .. C - 1] is changed by operations[n, 0], operations[n, 1] ... in turn; then x[n, p, C + c] = 1 - x[n, p, c] if there are
 *   inverse channels
 * x (N, P, C or 2C) float in [0, 1], P = H W positions, C is 1 or 3; operations (N, S, NUMBERS) float: a code KIND_..., then six numbers.
 * ImageAugmentation.java defines the result of each kind to the bit. Therefore every rounding is explicit here (__fmul_rn and the like are
 * never contracted to one instruction), and nothing divides floats, because the division would call a routine that needs a stack.
 * scratch (N, P, C) float: a copy of the image, for operations that read a pixel's neighbours. With inverse channels these are the scratch
 * memory, and scratch is null.
 * Launch   N blocks of BLOCK threads, one image each. A thread changes the positions t, t + BLOCK, ... in every operation, so only
 *          statistics and neighbourhoods need barriers. Counts are integers: same input, same bits. The launch bounds ask for one block a
 *          multiprocessor: for two the compiler would halve the registers and spill. */

const int LEVELS = 256, MAX_CHANNELS = 3;

struct image {
    float *values, *scratch;
    int height, width, positions, channels, depth;
};

static __device__ __forceinline__ float blended(float against, float value, float factor) {
    const float result = __fadd_rn(against, __fmul_rn(factor, __fsub_rn(value, against)));
    return result > 0.0f ? (result < 1.0f ? result : 1.0f) : 0.0f;
}

static __device__ __forceinline__ int level(float value) {
    return min(LEVELS - 1, max(0, (int) __fadd_rn(__fmul_rn(255.0f, value), 0.5f)));
}

static __device__ __forceinline__ float grey(const image& own, const float* pixel) {
    if (own.channels == 1) return pixel[0];
    const float sum = __fadd_rn(__fadd_rn(__fmul_rn(0.299f, pixel[0]), __fmul_rn(0.587f, pixel[1])), __fmul_rn(0.114f, pixel[2]));
    return sum < 1.0f ? sum : 1.0f;
}

static __device__ __forceinline__ void copy_to_scratch(const image& own) {
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        for (int c = 0; c < own.channels; c++) own.scratch[p * own.depth + c] = own.values[p * own.depth + c];
    }
    __syncthreads();
}

static __device__ __forceinline__ float mapped(float a, float x, float b, float y, float c) {
    return __fadd_rn(__fadd_rn(__fmul_rn(a, x), __fmul_rn(b, y)), c);
}

static __device__ __forceinline__ void warp_image(const image& own, const float* n) {
    copy_to_scratch(own);
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        const float x = (float) (p % own.width) + 0.5f, y = (float) (p / own.width) + 0.5f;
        const float u = mapped(n[0], x, n[1], y, n[2]), w = mapped(n[3], x, n[4], y, n[5]);
        const bool inside = u >= 0.0f && u < (float) own.width && w >= 0.0f && w < (float) own.height;
        const int from = inside ? ((int) w * own.width + (int) u) * own.depth : 0;
        for (int c = 0; c < own.channels; c++) own.values[p * own.depth + c] = inside ? own.scratch[from + c] : 0.0f;
    }
    __syncthreads(); /* scratch may be overwritten again */
}

static __device__ __forceinline__ void sharpen(const image& own, float factor) {
    const float thirteenth = 1.0f / 13.0f;
    const int line = own.width * own.depth;
    copy_to_scratch(own);
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        const int x = p % own.width, y = p / own.width;
        if (x == 0 || x == own.width - 1 || y == 0 || y == own.height - 1) continue;
        for (int c = 0; c < own.channels; c++) {
            const float* centre = own.scratch + p * own.depth + c;
            float sum = 4.0f * centre[0]; /* exact */
            for (int row = -line; row <= line; row += line) {
                sum = __fadd_rn(sum, __fadd_rn(__fadd_rn(centre[row - own.depth], centre[row]), centre[row + own.depth]));
            }
            own.values[p * own.depth + c] = blended(__fmul_rn(sum, thirteenth), centre[0], factor);
        }
    }
    __syncthreads(); /* scratch may be overwritten again */
}

static __device__ __forceinline__ void change_colour(const image& own, float factor) {
    if (own.channels == 1) return;
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        float* pixel = own.values + p * own.depth;
        const float against = grey(own, pixel);
        for (int c = 0; c < own.channels; c++) pixel[c] = blended(against, pixel[c], factor);
    }
}

/* The mean grey level, rounded half up, divided by 255. */
static __device__ __forceinline__ float mean_grey(const image& own) {
    __shared__ int mean;
    long long sum = 0;
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) sum += level(grey(own, own.values + p * own.depth));
    sum = block_sum<long long, BLOCK>(sum);
    if (threadIdx.x == 0) {
        /* The largest m with (m - 1/2) P <= sum, bit by bit, because a division would call a routine. */
        int found = 0;
        for (int bit = LEVELS / 2; bit > 0; bit /= 2) {
            if ((2LL * (found + bit) - 1) * own.positions <= 2 * sum) found += bit;
        }
        mean = found;
    }
    __syncthreads();
    return byte_share((float) mean);
}

/* counts (C, LEVELS): the histogram of each channel. */
static __device__ __forceinline__ void count_levels(const image& own, int* counts) {
    for (int i = threadIdx.x; i < own.channels * LEVELS; i += BLOCK) counts[i] = 0;
    __syncthreads();
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        for (int c = 0; c < own.channels; c++) atomicAdd(&counts[c * LEVELS + level(own.values[p * own.depth + c])], 1);
    }
    __syncthreads();
}

static __device__ __forceinline__ int highest(const int* counts) {
    int found = LEVELS - 1;
    while (counts[found] == 0) found--;
    return found;
}

/* Replaces each level by its entry in a table (C, LEVELS). */
static __device__ __forceinline__ void map_levels(const image& own, const int* table) {
    __syncthreads();
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        for (int c = 0; c < own.channels; c++) {
            float* value = own.values + p * own.depth + c;
            *value = byte_share((float) table[c * LEVELS + level(*value)]);
        }
    }
    __syncthreads(); /* the table may be overwritten again */
}

static __device__ __forceinline__ void stretch(const image& own, int* table) {
    __shared__ int lowest[MAX_CHANNELS], range[MAX_CHANNELS];
    count_levels(own, table);
    if ((int) threadIdx.x < own.channels) {
        const int* counts = table + threadIdx.x * LEVELS;
        int found = 0;
        while (counts[found] == 0) found++;
        lowest[threadIdx.x] = found;
        range[threadIdx.x] = highest(counts) - found;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < own.channels * LEVELS; i += BLOCK) {
        const int c = i / LEVELS, level = i % LEVELS;
        table[i] = range[c] == 0 ? level : 255 * (level - lowest[c]) / range[c];
    }
    map_levels(own, table);
}

static __device__ __forceinline__ void equalise(const image& own, int* table) {
    __shared__ int parts[MAX_CHANNELS];
    count_levels(own, table);
    if ((int) threadIdx.x < own.channels) {
        int* counts = table + threadIdx.x * LEVELS;
        const int part = (own.positions - counts[highest(counts)]) / (LEVELS - 1);
        int darker = part / 2;
        for (int level = 0; level < LEVELS; level++) {
            const int count = counts[level];
            counts[level] = darker;
            darker += count;
        }
        parts[threadIdx.x] = part;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < own.channels * LEVELS; i += BLOCK) {
        const int part = parts[i / LEVELS];
        table[i] = part == 0 ? i % LEVELS : min(LEVELS - 1, table[i] / part);
    }
    map_levels(own, table);
}

/* Replaces every value in every channel by a function of the value. */
template <class F>
static __device__ __forceinline__ void change_values(const image& own, F changed) {
    for (int p = threadIdx.x; p < own.positions; p += BLOCK) {
        for (int c = 0; c < own.channels; c++) {
            float* value = own.values + p * own.depth + c;
            *value = changed(*value);
        }
    }
}

extern "C" __global__ __launch_bounds__(BLOCK, 1)
void image_augmentation(float* x, float* scratch, const float* __restrict__ operations, int count, int height, int width, int channels,
                        int inverse) {
    __shared__ int table[MAX_CHANNELS * LEVELS];
    image own;
    own.height = height;
    own.width = width;
    own.positions = height * width;
    own.channels = channels;
    own.depth = inverse ? 2 * channels : channels;
    own.values = x + (long long) blockIdx.x * own.positions * own.depth;
    own.scratch = inverse ? own.values + channels : scratch + (long long) blockIdx.x * own.positions * channels;
    for (int s = 0; s < count; s++) {
        const float* operation = operations + ((long long) blockIdx.x * count + s) * NUMBERS;
        const float number = operation[1];
        switch ((int) operation[0]) {
            case KIND_WARP: warp_image(own, operation + 1); break;
            case KIND_BRIGHTNESS: change_values(own, [=](float value) { return blended(0.0f, value, number); }); break;
            case KIND_COLOUR: change_colour(own, number); break;
            case KIND_CONTRAST: {
                const float mean = mean_grey(own);
                change_values(own, [=](float value) { return blended(mean, value, number); });
                break;
            }
            case KIND_SHARPNESS: sharpen(own, number); break;
            case KIND_POSTERISE: {
                const int mask = -1 << (8 - (int) number);
                change_values(own, [=](float value) { return byte_share((float) (level(value) & mask)); });
                break;
            }
            case KIND_SOLARISE: change_values(own, [=](float value) { return value >= number ? __fsub_rn(1.0f, value) : value; }); break;
            case KIND_AUTOCONTRAST: stretch(own, table); break;
            case KIND_EQUALISE: equalise(own, table); break;
        }
    }
    for (int p = threadIdx.x; inverse && p < own.positions; p += BLOCK) {
        float* pixel = own.values + p * own.depth;
        for (int c = 0; c < channels; c++) pixel[channels + c] = __fsub_rn(1.0f, pixel[c]);
    }
}
