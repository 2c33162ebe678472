package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The forward pass in the fused form, {@code fused_forward.cu}: one product of the patches with all weights, whose epilogue computes
 * factors, scores, squared norms and outputs. Only the input is written once more, as bfloat16.
 */
final class FusedForward {
    private final CudaResources resources;
    private final FusedElements fused;
    private final FusedWeights weights;

    FusedForward(CudaResources resources, FusedElements fused, FusedWeights weights) {
        this.resources = resources;
        this.fused = fused;
        this.weights = weights;
    }

    private int chunk(PatchGrid grid) {
        return FusedElements.chunkImages(
                grid,
                resources.chunkBytes(),
                Math.ceilDiv(fused.packedInputBytes(grid, 1), grid.positions()),
                grid.n());
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        layout.bytes(fused.packedInputBytes(grid, chunk(grid)));
        return layout.bytes();
    }

    /** Writes y, and fills {@code state} unless it is null. */
    void run(PatchGrid grid, DevicePointer x, DevicePointer y, ForwardState state) {
        int chunk = chunk(grid);
        DevicePointer packed = resources.workspace(workspaceBytes(grid));
        for (int first = 0; first < grid.n(); first += chunk) {
            int images = Math.min(chunk, grid.n() - first);
            fused.packInput(grid, x.floatsFrom(first * grid.imageFloats()), images, packed);
            launch(grid, first, images, packed, y, state);
        }
    }

    private void launch(
            PatchGrid grid, int first, int images, DevicePointer packed, DevicePointer y, ForwardState state) {
        FusedTiling tiling = fused.tiling();
        DynamicAlignmentShape shape = fused.shape();
        long row = (long) first * grid.positions();
        int rows = images * grid.positions();
        int splits = fused.splits(FusedElements.tiles(rows), tiling.groups());
        DevicePointer none = DevicePointer.NULL;
        FusedElements.extents(
                        fused.kernels()
                                .kernel(tiling.forwardSource(), "fused_forward")
                                .shared(tiling.forwardSharedBytes())
                                .pointer(y.floatsFrom(row * grid.units()))
                                .pointer(state == null ? none : state.scores(row))
                                .pointer(state == null ? none : state.squaredNorms(row))
                                .pointer(state == null ? none : state.factors(row))
                                .pointer(state == null ? none : state.packedFactors(row))
                                .pointer(packed)
                                .pointer(weights.forward())
                                .constant(shape.norm())
                                .int32(shape.units())
                                .int32(shape.slots()),
                        grid)
                .int32(splits)
                .int32(rows)
                .launch(fused.blocks(FusedElements.tiles(rows) * splits), FusedTiling.THREADS);
    }
}
