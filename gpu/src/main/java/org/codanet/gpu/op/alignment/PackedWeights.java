package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaTensor;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/**
 * Values that {@code packed_weights.cu} derives from a layer's weights whenever the weights change: the packed weights W (P, L), the
 * Gram matrices, and for WB also AᵀA and the Frobenius norms F. They are in one block of memory, which is held as long as the operation
 * is open.
 */
final class PackedWeights {
    static final KernelSource SOURCE = AlignmentKernels.source("packed_weights.cu");

    private final CudaResources resources;
    private final DynamicAlignmentShape shape;
    private final AlignmentKernels kernels;
    private final String owner;
    private MemoryPool.Block block;
    private DevicePointer packed;
    private DevicePointer gram;
    private DevicePointer aProduct;
    private DevicePointer frobenius;
    private Weights weights;

    PackedWeights(CudaResources resources, DynamicAlignmentShape shape, AlignmentKernels kernels, String owner) {
        this.resources = resources;
        this.shape = shape;
        this.kernels = kernels;
        this.owner = owner;
    }

    private long packedFloats() {
        return (long) shape.patch() * PatchGrid.columns(shape);
    }

    private long gramFloats() {
        return (long) PatchGrid.pairs(shape) * shape.units();
    }

    private long weightBoundingFloats() {
        return shape.norm() == Norm.WB ? (long) shape.rank() * shape.rank() + shape.units() : 0;
    }

    long bytes() {
        return Float.BYTES * (packedFloats() + gramFloats() + weightBoundingFloats());
    }

    private void reserve() {
        block = resources.memory().reserve(bytes(), owner);
        BufferLayout layout = BufferLayout.of(block.pointer(), Float.BYTES);
        packed = layout.floats(packedFloats());
        gram = layout.floats(gramFloats());
        boolean bounded = shape.norm() == Norm.WB;
        aProduct = bounded ? layout.floats((long) shape.rank() * shape.rank()) : DevicePointer.NULL;
        frobenius = bounded ? layout.floats(shape.units()) : DevicePointer.NULL;
    }

    /** Derives all values from {@code next}, which must stay open. */
    void prepare(Weights next) {
        weights = null;
        next.require(shape, "dynamic alignment");
        DevicePointer a = CudaTensor.pointer(resources, next.a());
        DevicePointer b = CudaTensor.pointer(resources, next.b());
        DevicePointer bias = next.bias() == null ? DevicePointer.NULL : CudaTensor.pointer(resources, next.bias());
        if (block == null) {
            reserve();
        }
        int columns = PatchGrid.columns(shape);
        kernels.elements(
                SOURCE,
                "pack_weights",
                packedFloats(),
                kernel -> kernel.pointer(packed)
                        .pointer(a)
                        .pointer(b)
                        .pointer(bias)
                        .int32(shape.rank())
                        .int32(shape.units())
                        .int32(columns));
        kernels.elements(
                SOURCE,
                "gram_matrices",
                gramFloats(),
                kernel -> kernel.pointer(gram)
                        .pointer(packed)
                        .int32(shape.patch())
                        .int32(shape.rank())
                        .int32(shape.slots())
                        .int32(shape.units())
                        .int32(columns));
        if (shape.norm() == Norm.WB) {
            Matrix matrix = Matrix.of(a, shape.patch(), shape.rank());
            Matrix product = Matrix.of(aProduct, shape.rank(), shape.rank());
            resources.cublas().exactly().multiply(matrix.transpose(), matrix, product, false);
            computeFrobenius();
        }
        weights = next;
    }

    private void computeFrobenius() {
        if (shape.gramFormCancels()) {
            kernels.kernel(SOURCE, "frobenius_norms_direct")
                    .pointer(frobenius)
                    .pointer(packed)
                    .int32(shape.patch())
                    .int32(shape.rank())
                    .int32(shape.units())
                    .int32(PatchGrid.columns(shape))
                    .launch(shape.units(), CudaResources.BLOCK);
        } else {
            kernels.kernel(SOURCE, "frobenius_norms")
                    .pointer(frobenius)
                    .pointer(gram)
                    .pointer(aProduct)
                    .int32(shape.rank())
                    .int32(shape.units())
                    .launch(CudaResources.blocks(shape.units()), CudaResources.BLOCK);
        }
    }

    /** @throws IllegalStateException if {@link #prepare} has not been called, or if the scope of the weights was closed */
    void requirePrepared() {
        if (weights == null) {
            throw new IllegalStateException("dynamic alignment: prepare has not been called; it reads the weights");
        }
        weights.a().requireOpen();
        weights.b().requireOpen();
    }

    /** W (P, L): the columns of A, then those of B and b by slot and unit. */
    Matrix packed() {
        return Matrix.of(packed, shape.patch(), PatchGrid.columns(shape));
    }

    /** The columns of W that hold A, (P, R). */
    Matrix columnsOfA() {
        return packed().columns(0, shape.rank());
    }

    /** The columns of W that belong to slots, (P, S D). */
    Matrix slotColumns() {
        return packed().columns(shape.rank(), shape.slots() * shape.units());
    }

    /** The Gram matrices (S (S + 1) / 2, D). */
    Matrix gram() {
        return Matrix.of(gram, PatchGrid.pairs(shape), shape.units());
    }

    /** WB: AᵀA (R, R); null for other norms. */
    DevicePointer aProduct() {
        return aProduct;
    }

    /** WB: F (D); null for other norms. */
    DevicePointer frobenius() {
        return frobenius;
    }

    void release() {
        weights = null;
        if (block != null) {
            block.release();
            block = null;
        }
    }
}
