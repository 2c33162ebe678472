/* gather: implicit im2col. A group of eight threads copies a row of a patch to tiles in shared memory, 16-byte chunks of 8 channels.
 *   x (N, H, W, 8 CHUNKS) bfloat16      KERNEL, STRIDE, PADDING   as the layer's
 * Chunk k of a patch is channels (k % CHUNKS) of tap k / CHUNKS, row-major over the kernel. All offsets fit in 32 bits. */

/* Division of 0 <= n < 2^31 by a constant of the launch: n factor >> shift (Division.java). */
struct Division {
    unsigned factor, shift;
    __device__ __forceinline__ unsigned of(unsigned n) const { return (unsigned) ((unsigned long long) n * factor >> shift); }
};

/* Extents of the input and of the output. */
struct Images {
    int h, w, out_h, out_w;
    Division by_out_w, by_out_h;
};

/* Where the patch of an output position begins in x. */
struct Corner {
    int y, x, offset;
    __device__ __forceinline__ Corner(int row, const Images& at) {
        const unsigned line = at.by_out_w.of((unsigned) row), image = at.by_out_h.of(line);
        y = (int) (line - image * (unsigned) at.out_h) * STRIDE - PADDING;
        x = (row - (int) line * at.out_w) * STRIDE - PADDING;
        offset = (((int) image * at.h + y) * at.w + x) * (CHUNKS * 8);
    }
};

/* The chunks first, first + 8, ... of a patch that one thread copies: their distances from the corner, computed once. */
template <int COUNT>
struct Chunks {
    int dy[COUNT], dx[COUNT], offset[COUNT];
    __device__ __forceinline__ Chunks(int first, int end, const Images& at) {
#pragma unroll
        for (int k = 0; k < COUNT; k++) {
            const int chunk = first + 8 * k, tap = chunk / CHUNKS;
            const bool real = chunk < end && tap < KERNEL * KERNEL;
            dy[k] = real ? tap / KERNEL : 1 << 28; /* no row of the image */
            dx[k] = tap % KERNEL;
            offset[k] = real ? (dy[k] * at.w + dx[k]) * (CHUNKS * 8) + chunk % CHUNKS * 8 : 0;
        }
    }
    /* Copies the chunk k of a row; zeros outside the image and where the row is not real. */
    __device__ __forceinline__ void copy(int k, unsigned to, const unsigned short* __restrict__ x, const Corner& corner, bool real,
                                         const Images& at) const {
        const bool inside = real && (unsigned) (corner.y + dy[k]) < (unsigned) at.h && (unsigned) (corner.x + dx[k]) < (unsigned) at.w;
        copy_16_or_zero(to, x + (inside ? corner.offset + offset[k] : 0), inside);
    }
};
