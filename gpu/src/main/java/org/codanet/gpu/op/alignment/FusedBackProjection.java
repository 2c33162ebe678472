package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * Back-projection in the fused form, {@code fused_back_projection.cu}, of T targets: one product whose left operand, t, is formed in
 * registers, then col2im. The images are processed in chunks whose patches fit within the device's chunk size.
 */
final class FusedBackProjection {
    /** Fewest tiles of depth of a split. */
    private static final int MIN_TILES = 4;

    private final CudaResources resources;
    private final FusedElements fused;
    private final FusedWeights weights;

    FusedBackProjection(CudaResources resources, FusedElements fused, FusedWeights weights) {
        this.resources = resources;
        this.fused = fused;
        this.weights = weights;
    }

    /** How many parts the depth of the product is split into for {@code rows} rows. */
    int splits(int rows, boolean withFactorGradients) {
        int tiles = FusedElements.tiles(rows) * fused.tiling().backBlocks();
        return fused.splits(tiles, Math.max(1, fused.tiling().depthTiles(withFactorGradients) / MIN_TILES));
    }

    /** Floats of the patches that {@link #launch} writes for {@code rows} rows. */
    long patchFloats(int rows, boolean withFactorGradients) {
        return (long) splits(rows, withFactorGradients) * rows * fused.tiling().patch();
    }

    /** Number of (image, target) pairs at once. */
    private int chunk(PatchGrid grid, int targets) {
        long bytes = (long) Float.BYTES * fused.tiling().patch();
        return FusedElements.chunkImages(grid, resources.chunkBytes(), bytes, Math.multiplyExact(grid.n(), targets));
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid, int targets) {
        int chunk = chunk(grid, targets);
        int last = (grid.n() * targets - 1) % chunk + 1;
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        layout.floats(
                Math.max(patchFloats(chunk * grid.positions(), false), patchFloats(last * grid.positions(), false)));
        return layout.bytes();
    }

    /**
     * Writes dIn (N, T, H, W, C).
     *
     * @param dOut (N, T, Ho, Wo, D)
     */
    void run(ForwardState state, int targets, DevicePointer dOut, DevicePointer dIn) {
        PatchGrid grid = state.grid();
        DevicePointer patches = resources.workspace(workspaceBytes(grid, targets));
        int chunk = chunk(grid, targets);
        int all = Math.multiplyExact(grid.n(), targets);
        for (int first = 0; first < all; first += chunk) {
            int pairs = Math.min(chunk, all - first);
            int rows = pairs * grid.positions();
            launch(
                    grid,
                    new Inputs(dOut, state.squaredNorms(0), state.factors(0), DevicePointer.NULL, targets, first),
                    rows,
                    patches);
            fused.col2im(grid, patches, splits(rows, false), pairs, dIn.floatsFrom(first * grid.imageFloats()));
        }
    }

    /**
     * Inputs of a launch.
     *
     * @param dOut g, or g' if {@code squaredNorms} is null, (N, T, positions, D)
     * @param squaredNorms (m, D) of all images; null if dOut is scaled already
     * @param factors (m, S) of all images
     * @param dFactors da (m, R); null if there is none
     * @param targets T
     * @param first the first (image, target) pair
     */
    record Inputs(
            DevicePointer dOut,
            DevicePointer squaredNorms,
            DevicePointer factors,
            DevicePointer dFactors,
            int targets,
            int first) {}

    /** Writes the patches (splits, rows, padded P) of some (image, target) pairs. */
    void launch(PatchGrid grid, Inputs inputs, int rows, DevicePointer patches) {
        FusedTiling tiling = fused.tiling();
        DynamicAlignmentShape shape = fused.shape();
        boolean withFactorGradients = !inputs.dFactors().isNull();
        int splits = splits(rows, withFactorGradients);
        fused.kernels()
                .kernel(tiling.backProjectionSource(), "fused_back_projection")
                .shared(tiling.backSharedBytes())
                .pointer(patches)
                .pointer(inputs.dOut())
                .pointer(inputs.squaredNorms())
                .pointer(inputs.factors())
                .pointer(inputs.dFactors())
                .pointer(weights.back())
                .constant(shape.norm())
                .int32(shape.units())
                .int32(shape.slots())
                .int32(grid.positions())
                .int32(inputs.targets())
                .int32(inputs.first())
                .int32(tiling.depthTiles(withFactorGradients))
                .int32(splits)
                .int32(rows)
                .launch(fused.blocks(FusedElements.tiles(rows) * tiling.backBlocks() * splits), FusedTiling.THREADS);
    }
}
