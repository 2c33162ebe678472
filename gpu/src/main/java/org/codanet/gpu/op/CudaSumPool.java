package org.codanet.gpu.op;

import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool} by {@code sum_pool.cu}. */
public final class CudaSumPool extends CudaOperation implements SumPool {
    private static final KernelSource SOURCE = CudaResources.source("sum_pool.cu");

    public CudaSumPool(CudaResources resources, String owner) {
        super(resources, owner, "sum pool");
    }

    private Kernel kernel(String function) {
        return resources().kernel(SOURCE, function);
    }

    @Override
    public void forward(Tensor z, double temperature, double bias, Tensor logits) {
        requireTemperature(temperature);
        requireRank(z, 4, "z", "(N, H, W, K)");
        int images = z.shape().extent(0);
        int classes = z.shape().extent(3);
        logits.require(Shape.of(images, classes), operation(), "logits");
        kernel("pool_forward")
                .pointer(pointer(logits))
                .pointer(pointer(z))
                .int32(z.shape().extent(1) * z.shape().extent(2))
                .int32(classes)
                .float64(temperature)
                .float64(bias)
                .launch(images, Math.ceilDiv(classes, KernelSource.WARP_SIZE), CudaResources.BLOCK);
    }

    @Override
    public void backward(Tensor dLogits, double temperature, Tensor dZ) {
        requireTemperature(temperature);
        requireRank(dZ, 4, "dZ", "(N, H, W, K)");
        int classes = dZ.shape().extent(3);
        dLogits.require(Shape.of(dZ.shape().extent(0), classes), operation(), "dLogits");
        long count = dZ.shape().elements();
        kernel("pool_backward")
                .pointer(pointer(dZ))
                .pointer(pointer(dLogits))
                .int32(dZ.shape().extent(1) * dZ.shape().extent(2))
                .int32(classes)
                .float64(temperature)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void seed(Tensor targets, int first, double temperature, Tensor seeds) {
        requireTemperature(temperature);
        requireRank(seeds, 5, "seeds", "(N, S, H, W, K)");
        requireRank(targets, 2, "targets", "(N, T)");
        Shape shape = seeds.shape();
        SumPool.requireColumns(targets.shape(), first, shape);
        long count = shape.elements();
        kernel("pool_seed")
                .pointer(pointer(seeds))
                .pointer(pointer(targets))
                .int32(targets.shape().extent(1))
                .int32(first)
                .int32(shape.extent(1))
                .int32(shape.extent(2) * shape.extent(3))
                .int32(shape.extent(4))
                .float32((float) (1 / temperature))
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void highest(Tensor logits, Tensor channels) {
        requireRank(logits, 2, "logits", "(N, K)");
        requireRank(channels, 2, "channels", "(N, S)");
        SumPool.requireRanks(logits.shape(), channels.shape());
        kernel("highest_logits")
                .pointer(pointer(channels))
                .pointer(pointer(logits))
                .int32(logits.shape().extent(1))
                .int32(channels.shape().extent(1))
                .launch(logits.shape().extent(0), CudaResources.BLOCK);
    }

    private void requireTemperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    operation() + ": temperature must be positive and finite, got " + temperature);
        }
    }
}
