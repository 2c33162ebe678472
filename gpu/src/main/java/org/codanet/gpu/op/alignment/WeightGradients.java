package org.codanet.gpu.op.alignment;

import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaTensor;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;

/**
 * What a gradient sums over all positions of all images before it is added to the gradients of the weights, in either form: dW
 * (P, L), beside the packed weights column by column, and what comes through the norms. An area of the workspace.
 */
final class WeightGradients {
    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;
    private final PatchGrid e;
    private final long dW;
    private final long moments;
    private final long scale;
    private final long mixed;

    /** @param address {@link #floats} of room */
    WeightGradients(
            CudaResources resources, AlignmentKernels kernels, PackedWeights weights, PatchGrid extents, long address) {
        this.resources = resources;
        this.kernels = kernels;
        this.weights = weights;
        this.e = extents;
        this.dW = address;
        this.moments = dW + (long) Float.BYTES * e.patch() * e.row();
        this.scale = moments + Float.BYTES * momentFloats(e);
        this.mixed = scale + (long) Float.BYTES * e.units();
    }

    private static long momentFloats(PatchGrid e) {
        return (long) e.slots() * e.slots() * e.units();
    }

    static long floats(PatchGrid e) {
        return (long) e.patch() * e.row() + momentFloats(e) + e.units() + (long) e.rank() * e.rank();
    }

    /** dW (P, L): the columns of A, then those of every slot and unit. */
    long dW() {
        return dW;
    }

    /** M_j = Σ 2 e_j a aᵀ, (S, S D): what the norms SQ and L2 add to dB_j as B_j M_j. */
    long moments() {
        return moments;
    }

    /** Begins a call. */
    void clear() {
        resources.context().enter();
        int status =
                Cuda.cuMemsetD32Async(scale, 0, e.units(), resources.stream().handle());
        resources.context().check(status, "cuMemsetD32Async", e.units() + " floats");
    }

    /**
     * WB: takes in what the bounds of some rows contribute.
     *
     * @param shares g' s (rows, D)
     * @param factors (rows), written: what the gradient of a patch gets of the patch itself
     */
    void takeBounds(long shares, long squares, long rows, long factors) {
        kernels.warps(
                "patch_factors",
                rows,
                kernel ->
                        kernel.address(factors).address(shares).address(squares).int32(e.units()));
        kernels.kernel("unit_factors")
                .address(scale)
                .address(shares)
                .address(weights.frobenius())
                .int32(e.units())
                .int64(rows)
                .launch(e.units(), CudaResources.BLOCK);
    }

    /**
     * Adds all to the gradients of the weights.
     *
     * @param curved whether the moments were summed; not needed where dW has the part through the norm already
     */
    void addTo(Weights gradients, boolean curved) {
        if (e.bounded()) {
            bound();
        }
        kernels.elements(
                "add_weight_gradients",
                (long) e.patch() * e.row(),
                kernel -> kernel.address(CudaTensor.address(resources, gradients.a()))
                        .address(CudaTensor.address(resources, gradients.b()))
                        .address(gradients.bias() == null ? 0 : CudaTensor.address(resources, gradients.bias()))
                        .address(dW)
                        .address(weights.packed().address())
                        .address(curved || e.bounded() ? moments : 0)
                        .address(e.bounded() ? mixed : 0)
                        .int32(e.rank())
                        .int32(e.slots())
                        .int32(e.units()));
    }

    private void bound() {
        kernels.elements(
                "bounded_moments",
                (long) e.rank() * e.rank() * e.units(),
                kernel -> kernel.address(moments)
                        .address(scale)
                        .address(weights.aProduct())
                        .int32(e.units()));
        int entries = e.rank() * e.rank();
        int warps = CudaResources.BLOCK / 32;
        kernels.kernel("mixed_grams")
                .address(mixed)
                .address(scale)
                .address(weights.gram())
                .int32(e.rank())
                .int32(e.units())
                .launch((entries + warps - 1) / warps, CudaResources.BLOCK);
    }
}
