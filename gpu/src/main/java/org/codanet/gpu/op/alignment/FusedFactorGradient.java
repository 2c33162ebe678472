package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;

/** The gradient of the factors in the fused form, {@code fused_factor_gradient.cu}: the forward pass with another epilogue. */
final class FusedFactorGradient {
    private final FusedElements fused;
    private final FusedWeights weights;

    FusedFactorGradient(FusedElements fused, FusedWeights weights) {
        this.fused = fused;
        this.weights = weights;
    }

    private int splits(int rows) {
        return fused.splits(FusedElements.tiles(rows), fused.tiling().groups());
    }

    /** Floats of the parts of da for {@code rows} rows. */
    long partialFloats(int rows) {
        return (long) splits(rows) * rows * fused.shape().rank();
    }

    /**
     * Operands for some rows.
     *
     * @param scaled g' (m, D)
     * @param e (m, D)
     * @param factors packed factors (m, R + 16)
     * @param input images as bfloat16
     * @param left receives da as bfloat16 beside g'
     * @param rows m
     */
    record Operands(
            DevicePointer scaled,
            DevicePointer e,
            DevicePointer factors,
            DevicePointer input,
            DevicePointer left,
            int rows) {}

    /** Writes da (m, R). */
    void run(PatchGrid grid, Operands operands, DevicePointer partials, DevicePointer dFactors) {
        FusedTiling tiling = fused.tiling();
        int rows = operands.rows();
        int splits = splits(rows);
        FusedElements.extents(
                        fused.kernels()
                                .kernel(tiling.factorGradientSource(), "fused_factor_gradient")
                                .shared(tiling.forwardSharedBytes())
                                .pointer(partials)
                                .pointer(operands.scaled())
                                .pointer(operands.e())
                                .pointer(operands.factors())
                                .pointer(operands.input())
                                .pointer(weights.forward())
                                .int32(fused.shape().units()),
                        grid)
                .int32(splits)
                .int32(rows)
                .launch(fused.blocks(FusedElements.tiles(rows) * splits), FusedTiling.THREADS);
        fused.kernels()
                .elements(
                        tiling.elementsSource(),
                        "reduce_factor_gradient",
                        (long) rows * fused.shape().rank() / 2,
                        kernel -> kernel.pointer(dFactors)
                                .pointer(operands.left())
                                .pointer(partials)
                                .int32(splits));
    }
}
