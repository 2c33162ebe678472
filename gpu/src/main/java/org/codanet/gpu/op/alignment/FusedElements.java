package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * What the passes of the fused form share for one layer: its tiling, the extents of a launch, and the kernels of {@code
 * fused_elements.cu} that come before or after several of them.
 */
final class FusedElements {
    private final AlignmentKernels kernels;
    private final DynamicAlignmentShape shape;
    private final FusedTiling tiling;
    private final int multiprocessors;

    FusedElements(AlignmentKernels kernels, DynamicAlignmentShape shape, FusedTiling tiling, int multiprocessors) {
        this.kernels = kernels;
        this.shape = shape;
        this.tiling = tiling;
        this.multiprocessors = multiprocessors;
    }

    AlignmentKernels kernels() {
        return kernels;
    }

    DynamicAlignmentShape shape() {
        return shape;
    }

    FusedTiling tiling() {
        return tiling;
    }

    /** Tiles of positions of some rows. */
    static int tiles(int rows) {
        return Math.ceilDiv(rows, FusedTiling.POSITIONS);
    }

    /** Number of parts into which each of {@code tiles} tiles of work is split to occupy all multiprocessors. */
    int splits(int tiles, int most) {
        return Math.clamp(multiprocessors / tiles, 1, most);
    }

    /** Blocks of a persistent kernel. */
    int blocks(int tilesOfWork) {
        return Math.min(multiprocessors, tilesOfWork);
    }

    int multiprocessors() {
        return multiprocessors;
    }

    /** Bytes of {@code images} images as bfloat16 with padded channels. */
    long packedInputBytes(PatchGrid grid, int images) {
        return (long) Short.BYTES * images * grid.h() * grid.w() * tiling.channels();
    }

    /** Converts images (n, H, W, C) to bfloat16 with padded channels. */
    void packInput(PatchGrid grid, DevicePointer x, int images, DevicePointer packed) {
        long chunks = packedInputBytes(grid, images) / 16;
        kernels.elements(
                tiling.elementsSource(),
                "pack_input",
                chunks,
                kernel -> kernel.pointer(packed).pointer(x));
    }

    /**
     * Sums patches (splits, rows, padded P) into images (n, H, W, C), which are overwritten.
     *
     * @param rows output positions of all images
     */
    void col2im(PatchGrid grid, DevicePointer patches, int splits, int images, DevicePointer dx) {
        kernels.elements(
                tiling.elementsSource(),
                "fused_col2im",
                images * grid.imageFloats(),
                kernel -> kernel.pointer(dx)
                        .pointer(patches)
                        .int32(grid.h())
                        .int32(grid.w())
                        .int32(grid.outH())
                        .int32(grid.outW())
                        .int32(splits)
                        .int32(images * grid.positions()));
    }

    /** Sets the extents that {@code gather.cuh} needs: those of the input and the output, and the divisions by the latter. */
    static Kernel extents(Kernel kernel, int h, int w, int outH, int outW) {
        Division byWidth = Division.by(outW);
        Division byHeight = Division.by(outH);
        return kernel.int32(h)
                .int32(w)
                .int32(outH)
                .int32(outW)
                .int32(byWidth.factor())
                .int32(byWidth.shift())
                .int32(byHeight.factor())
                .int32(byHeight.shift());
    }

    static Kernel extents(Kernel kernel, PatchGrid grid) {
        return extents(kernel, grid.h(), grid.w(), grid.outH(), grid.outW());
    }

    /** Largest number of images at once: their buffers fit in {@code bytes}, and all indices in 31 bits. */
    static int chunkImages(PatchGrid grid, long bytes, long bytesOfPosition, int images) {
        long widest = Math.max(
                Math.max(grid.imageFloats() * 2, 1),
                (long) grid.positions() * Math.max(grid.patch() * 2, Math.max(grid.slots(), grid.units()) + 64));
        long fit = Math.min(bytes / Math.max(1, bytesOfPosition * grid.positions()), Integer.MAX_VALUE / widest);
        return Math.clamp(fit, 1, images);
    }
}
