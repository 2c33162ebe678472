package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The packed weights in the order in which the tensor cores read them. {@code tensor_core_weights.cu} packs fragments for every pass,
 * and transposed fragments for the gradient. The transposed fragments are packed when the gradient first needs them after a change of
 * the weights. Both are held in one block of memory each, as long as the operation is open.
 */
final class TensorCoreWeights {
    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;
    private final DynamicAlignmentShape shape;
    private final TensorCoreTiling tiling;
    private final KernelSource source;
    private final String owner;
    private MemoryPool.Block fragments;
    private MemoryPool.Block transposed;
    private boolean transposedIsCurrent;

    TensorCoreWeights(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            DynamicAlignmentShape shape,
            TensorCoreTiling tiling,
            String owner) {
        this.resources = resources;
        this.kernels = kernels;
        this.weights = weights;
        this.shape = shape;
        this.tiling = tiling;
        this.source = tiling.weightsSource();
        this.owner = owner;
    }

    private long fragmentWords() {
        return (long) Math.ceilDiv(shape.units(), TensorCoreTiling.UNIT_TILE) * shape.patch() * tiling.tileWords();
    }

    private long transposedWords() {
        return (long) Math.ceilDiv(shape.units(), TensorCoreTiling.SLICE) * shape.patch() * tiling.sliceWords();
    }

    /** Bytes of the fragments. */
    long fragmentBytes() {
        return Integer.BYTES * fragmentWords();
    }

    /** Bytes of the transposed fragments, which only training needs. */
    long transposedBytes() {
        return Integer.BYTES * transposedWords();
    }

    /** Packs the fragments and marks the transposed fragments as out of date. */
    void prepare() {
        transposedIsCurrent = false;
        if (fragments == null) {
            fragments = resources.memory().reserve(fragmentBytes(), owner);
        }
        pack("pack_fragments", fragments, fragmentWords());
    }

    /** Packs the transposed fragments if they are out of date. */
    void prepareTransposed() {
        if (transposedIsCurrent) {
            return;
        }
        if (transposed == null) {
            transposed = resources.memory().reserve(transposedBytes(), owner);
        }
        pack("pack_transposed", transposed, transposedWords());
        transposedIsCurrent = true;
    }

    private void pack(String function, MemoryPool.Block block, long words) {
        kernels.elements(
                source,
                function,
                words,
                kernel -> kernel.pointer(block.pointer())
                        .pointer(weights.packed().pointer())
                        .int32(shape.patch())
                        .int32(shape.rank())
                        .int32(shape.slots())
                        .int32(shape.units()));
    }

    /** The fragments. */
    DevicePointer fragments() {
        return fragments.pointer();
    }

    /** The transposed fragments. {@link #prepareTransposed} must be called first. */
    DevicePointer transposed() {
        return transposed.pointer();
    }

    void release() {
        if (fragments != null) {
            fragments.release();
            fragments = null;
        }
        if (transposed != null) {
            transposed.release();
            transposed = null;
        }
    }
}
