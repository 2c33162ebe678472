package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.library.CublasHandle.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaTensor;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/**
 * What is derived from a layer's weights at each change: the weights side by side in one matrix, the Gram matrices by pairs of
 * slots, and for WB AᵀA and the units' Frobenius norms. One block, held as long as the operation.
 */
final class PackedWeights {
    private final CudaResources resources;
    private final DynamicAlignmentShape shape;
    private final AlignmentKernels kernels;
    private final String owner;
    private MemoryPool.Block block;
    private Weights weights;

    PackedWeights(CudaResources resources, DynamicAlignmentShape shape, AlignmentKernels kernels, String owner) {
        this.resources = resources;
        this.shape = shape;
        this.kernels = kernels;
        this.owner = owner;
    }

    private long packedFloats() {
        return (long) shape.patch() * PatchGrid.row(shape);
    }

    private long gramFloats() {
        return (long) PatchGrid.pairs(shape) * shape.units();
    }

    private long boundFloats() {
        return shape.norm() == Norm.WB ? (long) shape.rank() * shape.rank() + shape.units() : 0;
    }

    long bytes() {
        return Float.BYTES * (packedFloats() + gramFloats() + boundFloats());
    }

    void prepare(Weights next) {
        weights = null;
        next.require(shape, "dynamic alignment");
        long a = CudaTensor.address(resources, next.a());
        long b = CudaTensor.address(resources, next.b());
        long bias = next.bias() == null ? 0 : CudaTensor.address(resources, next.bias());
        if (block == null) {
            block = resources.memory().reserve(bytes(), owner);
        }
        int row = PatchGrid.row(shape);
        int slots = PatchGrid.slots(shape);
        int rank = shape.rank();
        int units = shape.units();
        kernels.elements(
                "pack_weights",
                packedFloats(),
                kernel -> kernel.address(block.address())
                        .address(a)
                        .address(b)
                        .address(bias)
                        .int32(rank)
                        .int32(units)
                        .int32(row));
        kernels.elements(
                "gram_matrices",
                gramFloats(),
                kernel -> kernel.address(gram())
                        .address(block.address())
                        .int32(shape.patch())
                        .int32(rank)
                        .int32(slots)
                        .int32(units)
                        .int32(row));
        if (shape.norm() == Norm.WB) {
            Matrix left = Matrix.of(a, rank);
            resources
                    .cublas()
                    .exactly()
                    .multiply(rank, rank, shape.patch(), left.transpose(), left, aProduct(), rank, false);
            findFrobenius();
        }
        weights = next;
    }

    private void findFrobenius() {
        if (shape.gramFormCancels()) {
            kernels.kernel("direct_frobenius_norms")
                    .address(frobenius())
                    .address(block.address())
                    .int32(shape.patch())
                    .int32(shape.rank())
                    .int32(shape.units())
                    .int32(PatchGrid.row(shape))
                    .launch(shape.units(), CudaResources.BLOCK);
        } else {
            kernels.kernel("frobenius_norms")
                    .address(frobenius())
                    .address(gram())
                    .address(aProduct())
                    .int32(shape.rank())
                    .int32(shape.units())
                    .launch(CudaResources.blocks(shape.units()), CudaResources.BLOCK);
        }
    }

    /** @throws IllegalStateException if there are none yet, or their scope was closed */
    void requirePrepared() {
        if (weights == null) {
            throw new IllegalStateException("dynamic alignment: prepare has not been called; it reads the weights");
        }
        weights.a().requireOpen();
        weights.b().requireOpen();
    }

    /** W (P, L). */
    Matrix packed() {
        return Matrix.of(block.address(), PatchGrid.row(shape));
    }

    /** The columns of W that belong to slots, (P, S D). */
    Matrix slotColumns() {
        return Matrix.of(block.address() + (long) Float.BYTES * shape.rank(), PatchGrid.row(shape));
    }

    /** G (pairs, D). */
    long gram() {
        return block.address() + Float.BYTES * packedFloats();
    }

    /** AᵀA (R, R), for WB. */
    long aProduct() {
        return gram() + Float.BYTES * gramFloats();
    }

    /** (D), for WB; 0 for the others. */
    long frobenius() {
        return shape.norm() == Norm.WB ? aProduct() + (long) Float.BYTES * shape.rank() * shape.rank() : 0;
    }

    void release() {
        weights = null;
        if (block != null) {
            block.release();
            block = null;
        }
    }
}
