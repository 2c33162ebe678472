package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link BatchNorm} by {@code batch_norm.cu}. */
public final class CudaBatchNorm extends CudaOperation implements BatchNorm {
    /** Rows that one block sums. */
    private static final int ROWS = 512;

    private static final KernelSource SOURCE = source();

    private final BatchNormShape shape;
    private final int channels;

    public CudaBatchNorm(CudaResources resources, String owner, BatchNormShape shape) {
        super(resources, owner, "batch norm");
        this.shape = shape;
        this.channels = shape.channels();
    }

    static KernelSource source() {
        return CudaResources.source("batch_norm.cu").define("ROWS", ROWS);
    }

    @Override
    public BatchNormShape shape() {
        return shape;
    }

    private Kernel kernel(String function) {
        return resources().kernel(SOURCE, function);
    }

    private DevicePointer vector(Tensor tensor, String role) {
        return pointer(tensor.require(Shape.of(channels), operation(), role));
    }

    @Override
    public void forward(Tensor x, Weights weights, Statistics running, Tensor y) {
        BatchNorm.requireRows(x.shape(), channels, "x");
        y.require(x.shape(), operation(), "y");
        long count = x.shape().elements();
        kernel("norm_forward")
                .pointer(pointer(y))
                .pointer(pointer(x))
                .pointer(vector(weights.scale(), "scale"))
                .pointer(vector(weights.shift(), "shift"))
                .pointer(vector(running.mean(), "mean"))
                .pointer(vector(running.variance(), "variance"))
                .float32((float) shape.epsilon())
                .int32(channels)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void backProject(Tensor dOut, Weights weights, Statistics running, Tensor dIn) {
        BatchNorm.requireRows(dOut.shape(), channels, "dOut");
        dIn.require(dOut.shape(), operation(), "dIn");
        long count = dOut.shape().elements();
        kernel("norm_back_project")
                .pointer(pointer(dIn))
                .pointer(pointer(dOut))
                .pointer(vector(weights.scale(), "scale"))
                .pointer(vector(running.variance(), "variance"))
                .float32((float) shape.epsilon())
                .int32(channels)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    private int chunks(int rows) {
        return Math.ceilDiv(rows, ROWS);
    }

    private long partBytes(int rows) {
        return (long) Double.BYTES * 2 * channels * chunks(rows);
    }

    private void sumParts(DevicePointer parts, Tensor g, Tensor x, DevicePointer saved, int rows) {
        kernel("norm_parts")
                .pointer(parts)
                .pointer(pointer(g))
                .pointer(pointer(x))
                .pointer(saved)
                .int32(channels)
                .int64(rows)
                .launch(Math.ceilDiv(channels, KernelSource.WARP_SIZE), chunks(rows), CudaResources.BLOCK);
    }

    @Override
    public void train(Tensor x, Weights weights, Statistics running, Tensor saved, Tensor y) {
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        y.require(x.shape(), operation(), "y");
        DevicePointer kept = pointer(saved.require(Shape.of(2, channels), operation(), "saved"));
        DevicePointer parts = resources().workspace(partBytes(rows));
        sumParts(parts, x, x, DevicePointer.NULL, rows);
        kernel("norm_statistics")
                .pointer(kept)
                .pointer(vector(running.mean(), "mean"))
                .pointer(vector(running.variance(), "variance"))
                .pointer(parts)
                .float64(shape.momentum())
                .float64(shape.epsilon())
                .int32(channels)
                .int32(chunks(rows))
                .int64(rows)
                .launch(CudaResources.blocks(channels), CudaResources.BLOCK);
        long count = x.shape().elements();
        kernel("norm_apply")
                .pointer(pointer(y))
                .pointer(pointer(x))
                .pointer(vector(weights.scale(), "scale"))
                .pointer(vector(weights.shift(), "shift"))
                .pointer(kept)
                .int32(channels)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void backward(Tensor x, Tensor dOut, Weights weights, Tensor saved, Weights gradients, Tensor dIn) {
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        dOut.require(x.shape(), operation(), "dOut");
        DevicePointer kept = pointer(saved.require(Shape.of(2, channels), operation(), "saved"));
        DevicePointer all = resources().workspace(partBytes(rows) + 2L * Float.BYTES * channels);
        DevicePointer parts = all.slice(0, partBytes(rows));
        DevicePointer sums = all.from(partBytes(rows));
        sumParts(parts, dOut, x, kept, rows);
        kernel("norm_sums")
                .pointer(sums)
                .pointer(gradients == null ? DevicePointer.NULL : vector(gradients.scale(), "scale gradient"))
                .pointer(gradients == null ? DevicePointer.NULL : vector(gradients.shift(), "shift gradient"))
                .pointer(parts)
                .pointer(kept)
                .int32(channels)
                .int32(chunks(rows))
                .launch(CudaResources.blocks(channels), CudaResources.BLOCK);
        if (dIn != null) {
            dIn.require(x.shape(), operation(), "dIn");
            kernel("norm_gradient")
                    .pointer(pointer(dIn))
                    .pointer(pointer(dOut))
                    .pointer(pointer(x))
                    .pointer(vector(weights.scale(), "scale"))
                    .pointer(kept)
                    .pointer(sums)
                    .int32(channels)
                    .int64(rows)
                    .launch(CudaResources.blocks(x.shape().elements()), CudaResources.BLOCK);
        }
    }
}
