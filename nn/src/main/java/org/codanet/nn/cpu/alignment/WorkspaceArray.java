package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.ArrayName;

/** The arrays of the workspace that dynamic alignment leases. The letters are those of {@link org.codanet.nn.op.alignment}. */
final class WorkspaceArray {
    private WorkspaceArray() {}

    /** Arrays of one worker, used for one task at a time. */
    enum OfWorker implements ArrayName {
        /** Weights of one depth, while they are packed. */
        WEIGHTS,
        /** Patches of the task, as rows of a product. While weights are packed, the transformed weights. */
        PATCHES,
        /** Tiles of a product. */
        TILES,
        /** a. */
        FACTORS,
        /** s. */
        SCORES,
        /** q; for WB ‖p‖². */
        SQUARED_NORMS,
        /** Products a_ρ a_σ. */
        PAIRS,
        /** g'. */
        SCALED_GRADIENTS,
        /** u of one panel of weights. */
        PRODUCTS,
        /** Left sides computed from g' and a, or from da. */
        LEFT_SIDES,
        /** One padded image. */
        IMAGE,
        /** g, of one target or of all. */
        OUTPUT_GRADIENTS,
        /** Sums over positions, or dynamic weights. */
        SUMS,
        /** Values of a tensor to which results are added. */
        ROW,
        /** {@link #PATCHES} or {@link #FACTORS} in the precision of the products. */
        OPERANDS
    }

    /** Arrays that the workers of a pass share. */
    enum Shared implements ArrayName {
        /** All images, padded. */
        PADDED,
        /** Products with the transposed weights. */
        BACK_PRODUCTS,
        /** Patches of all tasks. */
        PATCHES,
        /** a of all tasks. */
        FACTORS,
        /** g' of all tasks. */
        SCALED_GRADIENTS,
        /** e of all tasks. */
        E,
        /** da of all tasks. */
        FACTOR_GRADIENTS,
        /** Patches of the input that the linear map is applied to. */
        MAP_PATCHES,
        /** The images of that input, padded. */
        MAP_PADDED,
        /** Gradients of patches, for many targets. */
        PATCH_GRADIENTS,
        /** M of all units. */
        SECOND_MOMENTS,
        /** Gradients of the packed weights. */
        WEIGHT_GRADIENTS
    }
}
