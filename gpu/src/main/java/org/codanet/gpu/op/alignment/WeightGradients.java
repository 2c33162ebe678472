package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaTensor;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;

/**
 * The sums over all positions of all images that a gradient computes, in either form, before they are added to the gradients of the
 * weights: dW (P, L), with the columns of the packed weights, and the terms that come through the norms. {@code weight_gradients.cu} has
 * the formulas. The sums are in the workspace.
 */
final class WeightGradients {
    static final KernelSource SOURCE = AlignmentKernels.source("weight_gradients.cu");

    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;
    private final PatchGrid grid;
    private final DevicePointer dW;
    private final DevicePointer moments;
    private final DevicePointer alpha;
    private final DevicePointer mixed;

    /** @param buffers provides the memory of the sums */
    WeightGradients(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            PatchGrid grid,
            BufferLayout buffers) {
        this.resources = resources;
        this.kernels = kernels;
        this.weights = weights;
        this.grid = grid;
        this.dW = buffers.floats((long) grid.patch() * grid.columns());
        this.moments = buffers.floats((long) grid.slots() * grid.slotColumns());
        this.alpha = buffers.floats(grid.units());
        this.mixed = buffers.floats((long) grid.rank() * grid.rank());
    }

    /** dW (P, L): the columns of A, then those of B and b by slot and unit. */
    Matrix dW() {
        return Matrix.of(dW, grid.patch(), grid.columns());
    }

    /** The columns of dW that are the gradient of A, (P, R). */
    Matrix columnsOfA() {
        return dW().columns(0, grid.rank());
    }

    /** The columns of dW that belong to slots, (P, S D). */
    Matrix slotColumns() {
        return dW().columns(grid.rank(), grid.slotColumns());
    }

    /** The moments M_j = Σ e_j a aᵀ, (S, S D). With the norms SQ and L2, B_j M_j is added to dB_j. */
    Matrix moments() {
        return Matrix.of(moments, grid.slots(), grid.slotColumns());
    }

    /** Sets the sums that the first chunk of images does not overwrite to zero. */
    void clear() {
        resources.stream().fill(alpha, 0, grid.units());
    }

    /**
     * WB: adds the terms of some rows that come through the norms.
     *
     * @param c (rows, D): c_j = g'_j s_j
     * @param squaredNorms squared norms of the patches (rows)
     * @param beta (rows), overwritten; the gradient of a patch has the term β p, see {@link Patches#addScaled}
     */
    void addBounds(DevicePointer c, DevicePointer squaredNorms, long rows, DevicePointer beta) {
        kernels.warps(
                SOURCE,
                "wb_beta",
                rows,
                kernel -> kernel.pointer(beta).pointer(c).pointer(squaredNorms).int32(grid.units()));
        kernels.kernel(SOURCE, "wb_alpha")
                .pointer(alpha)
                .pointer(c)
                .pointer(weights.frobenius())
                .int32(grid.units())
                .int64(rows)
                .launch(grid.units(), CudaResources.BLOCK);
    }

    /**
     * Adds all sums to the gradients of the weights.
     *
     * @param hasMoments whether the moments of SQ and L2 were summed; false where dW contains B_j M_j already
     */
    void addTo(Weights gradients, boolean hasMoments) {
        boolean bounds = grid.weightBounding();
        if (bounds) {
            computeBounds();
        }
        kernels.elements(
                SOURCE,
                "add_weight_gradients",
                (long) grid.patch() * grid.columns(),
                kernel -> kernel.pointer(CudaTensor.pointer(resources, gradients.a()))
                        .pointer(CudaTensor.pointer(resources, gradients.b()))
                        .pointer(
                                gradients.bias() == null
                                        ? DevicePointer.NULL
                                        : CudaTensor.pointer(resources, gradients.bias()))
                        .pointer(dW)
                        .pointer(weights.packed().pointer())
                        .pointer(hasMoments || bounds ? moments : DevicePointer.NULL)
                        .pointer(bounds ? mixed : DevicePointer.NULL)
                        .int32(grid.rank())
                        .int32(grid.slots())
                        .int32(grid.units()));
    }

    /** WB: computes the moments and the mixed Gram matrix. All rows must have been added. */
    private void computeBounds() {
        int entries = grid.rank() * grid.rank();
        kernels.elements(
                SOURCE,
                "wb_moments",
                (long) entries * grid.units(),
                kernel -> kernel.pointer(moments)
                        .pointer(alpha)
                        .pointer(weights.aProduct())
                        .int32(grid.units()));
        kernels.kernel(SOURCE, "wb_mixed_gram")
                .pointer(mixed)
                .pointer(alpha)
                .pointer(weights.gram().pointer())
                .int32(grid.rank())
                .int32(grid.units())
                .launch(Math.ceilDiv(entries, AlignmentKernels.warpsPerBlock()), CudaResources.BLOCK);
    }
}
