package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.alignment.FusedTiling.Right;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The full gradient in the fused form. No operand as large as u or t is written to memory.
 *
 * <pre>
 *   g', e                                                 fused_coefficients
 *   da     = Σ_j g'_j u_j + e_j h_j                       fused_factor_gradient
 *   dW     = Σ (t, g', da) pᵀ                             fused_weight_gradient, sums over all positions
 *   M_j    = Σ e_j a aᵀ                                   the same kernel, with a in place of the patches
 *   dx     = col2im of Σ_j B_j t_j + A da                 fused_back_projection
 * </pre>
 */
final class FusedGradient {
    private final CudaResources resources;
    private final FusedElements fused;
    private final PackedWeights packed;
    private final FusedFactorGradient factors;
    private final FusedWeightGradient sums;
    private final FusedBackProjection back;

    FusedGradient(
            CudaResources resources,
            FusedElements fused,
            PackedWeights packed,
            FusedWeights weights,
            FusedBackProjection back) {
        this.resources = resources;
        this.fused = fused;
        this.packed = packed;
        this.factors = new FusedFactorGradient(fused, weights);
        this.sums = new FusedWeightGradient(fused);
        this.back = back;
    }

    /** The sums over all images, then the buffers for one chunk of images. */
    private final class Buffers {
        private final int images;
        private final WeightGradients sums;
        private final DevicePointer input;
        private final DevicePointer scaled;
        private final DevicePointer e;
        private final DevicePointer left;
        private final DevicePointer eLeft;
        private final DevicePointer dFactorPartials;
        private final DevicePointer dFactors;
        private final DevicePointer dPatches;
        private final DevicePointer weightPartials;
        private final DevicePointer momentPartials;

        Buffers(PatchGrid grid, BufferLayout layout) {
            FusedTiling tiling = fused.tiling();
            long bytes = Float.BYTES * (2L * grid.units() + 2L * grid.rank() + tiling.patch())
                    + Short.BYTES * (2L * tiling.unitColumns() + grid.rank() + tiling.patch());
            images = FusedElements.chunkImages(grid, resources.chunkBytes(), bytes, grid.n());
            int rows = images * grid.positions();
            int lastRows = ((grid.n() - 1) % images + 1) * grid.positions();
            sums = new WeightGradients(resources, fused.kernels(), packed, grid, layout);
            input = layout.bytes(fused.packedInputBytes(grid, images));
            scaled = layout.floats((long) rows * grid.units());
            e = layout.floats((long) rows * grid.units());
            left = layout.bytes((long) Short.BYTES * rows * tiling.leftColumns());
            eLeft = layout.bytes((long) Short.BYTES * rows * tiling.unitColumns());
            dFactorPartials = layout.floats(Math.max(factors.partialFloats(rows), factors.partialFloats(lastRows)));
            dFactors = layout.floats((long) rows * grid.rank());
            dPatches = layout.floats(Math.max(back.patchFloats(rows, true), back.patchFloats(lastRows, true)));
            weightPartials = layout.floats(FusedGradient.this.sums.partialFloats(rows, lastRows, Right.PATCHES));
            momentPartials = layout.floats(FusedGradient.this.sums.partialFloats(rows, lastRows, Right.FACTORS));
        }
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        new Buffers(grid, layout);
        return layout.bytes();
    }

    /**
     * Computes the gradient of a forward pass.
     *
     * @param dIn overwritten; null if it is not needed
     * @param gradients added to; null if they are not needed
     */
    void run(ForwardState state, DevicePointer x, DevicePointer dOut, DevicePointer dIn, Weights gradients) {
        PatchGrid grid = state.grid();
        DevicePointer workspace = resources.workspace(workspaceBytes(grid));
        Buffers buffers = new Buffers(grid, BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT));
        for (int first = 0; first < grid.n(); first += buffers.images) {
            int count = Math.min(buffers.images, grid.n() - first);
            long row = (long) first * grid.positions();
            int rows = count * grid.positions();
            fused.packInput(grid, x.floatsFrom(first * grid.imageFloats()), count, buffers.input);
            coefficients(buffers, state, row, rows, dOut.floatsFrom(row * grid.units()));
            DevicePointer packedFactors = state.packedFactors(row);
            factors.run(
                    grid,
                    new FusedFactorGradient.Operands(
                            buffers.scaled, buffers.e, packedFactors, buffers.input, buffers.left, rows),
                    buffers.dFactorPartials,
                    buffers.dFactors);
            if (gradients != null) {
                sums.run(
                        grid,
                        Right.PATCHES,
                        new FusedWeightGradient.Operands(
                                packedFactors, buffers.scaled, buffers.left, buffers.input, rows),
                        buffers.weightPartials,
                        buffers.sums,
                        first > 0);
                sums.run(
                        grid,
                        Right.FACTORS,
                        new FusedWeightGradient.Operands(packedFactors, buffers.e, buffers.eLeft, packedFactors, rows),
                        buffers.momentPartials,
                        buffers.sums,
                        first > 0);
            }
            if (!dIn.isNull()) {
                FusedBackProjection.Inputs inputs = new FusedBackProjection.Inputs(
                        buffers.scaled, DevicePointer.NULL, state.factors(row), buffers.dFactors, 1, 0);
                back.launch(grid, inputs, rows, buffers.dPatches);
                fused.col2im(
                        grid,
                        buffers.dPatches,
                        back.splits(rows, true),
                        count,
                        dIn.floatsFrom(first * grid.imageFloats()));
            }
        }
        if (gradients != null) {
            buffers.sums.addTo(gradients, true);
        }
    }

    private void coefficients(Buffers buffers, ForwardState state, long row, int rows, DevicePointer dOut) {
        DynamicAlignmentShape shape = fused.shape();
        fused.kernels()
                .elements(
                        fused.tiling().elementsSource(),
                        "fused_coefficients",
                        (long) rows * fused.tiling().unitColumns() / 2,
                        kernel -> kernel.pointer(buffers.scaled)
                                .pointer(buffers.e)
                                .pointer(buffers.left)
                                .pointer(buffers.eLeft)
                                .pointer(dOut)
                                .pointer(state.scores(row))
                                .pointer(state.squaredNorms(row))
                                .constant(shape.norm())
                                .int32(shape.units()));
    }
}
