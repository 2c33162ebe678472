package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The packed weights and Gram matrices as tiles of bfloat16, in the order in which the fused form copies them: one stream for the forward
 * pass and the factor gradient, and one for the back-projection. They are in one block of memory, which is held as long as the operation
 * is open.
 */
final class FusedWeights {
    private static final int CHUNK_BYTES = 16;

    private final FusedElements fused;
    private final PackedWeights weights;
    private final MemoryPool memory;
    private final String owner;
    private MemoryPool.Block block;
    private DevicePointer forward;
    private DevicePointer back;

    FusedWeights(FusedElements fused, PackedWeights weights, MemoryPool memory, String owner) {
        this.fused = fused;
        this.weights = weights;
        this.memory = memory;
        this.owner = owner;
    }

    private static DevicePointer[] streams(FusedTiling tiling, BufferLayout layout) {
        return new DevicePointer[] {layout.bytes(tiling.forwardStreamBytes()), layout.bytes(tiling.backStreamBytes())};
    }

    long bytes() {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        streams(fused.tiling(), layout);
        return layout.bytes();
    }

    /** Packs both streams. {@link PackedWeights#prepare} must have been called. */
    void prepare() {
        if (block == null) {
            block = memory.reserve(bytes(), owner);
            BufferLayout layout = BufferLayout.of(block.pointer(), AlignmentKernels.BUFFER_ALIGNMENT);
            DevicePointer[] streams = streams(fused.tiling(), layout);
            forward = streams[0];
            back = streams[1];
        }
        FusedTiling tiling = fused.tiling();
        DynamicAlignmentShape shape = fused.shape();
        fused.kernels()
                .elements(
                        tiling.weightsSource(),
                        "pack_forward_stream",
                        tiling.forwardStreamBytes() / CHUNK_BYTES,
                        kernel -> kernel.pointer(forward)
                                .pointer(weights.packed().pointer())
                                .pointer(weights.gram().pointer())
                                .int32(shape.slots())
                                .int32(shape.units()));
        fused.kernels()
                .elements(
                        tiling.weightsSource(),
                        "pack_back_stream",
                        tiling.backStreamBytes() / CHUNK_BYTES,
                        kernel -> kernel.pointer(back)
                                .pointer(weights.packed().pointer())
                                .int32(shape.slots())
                                .int32(shape.units()));
    }

    /** The weights in the order of the forward pass. */
    DevicePointer forward() {
        return forward;
    }

    /** The weights in the order of the back-projection. */
    DevicePointer back() {
        return back;
    }

    void release() {
        if (block != null) {
            block.release();
            block = null;
        }
    }
}
