package org.codanet.gpu.op;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool} by {@code sum_pool.cu}. */
final class CudaSumPool extends CudaOperation implements SumPool {
    CudaSumPool(CudaResources resources, String owner) {
        super(resources, owner, "sum pool");
    }

    private Kernel kernel(String function) {
        return resources().kernel("sum_pool.cu", function);
    }

    @Override
    public void forward(Tensor z, double temperature, double bias, Tensor logits) {
        requireTemperature(temperature);
        requireRank(z, 4, "z", "(N, H, W, K)");
        int images = z.shape().extent(0);
        int classes = z.shape().extent(3);
        logits.require(Shape.of(images, classes), operation(), "logits");
        kernel("pool_forward")
                .address(address(logits))
                .address(address(z))
                .int32(z.shape().extent(1) * z.shape().extent(2))
                .int32(classes)
                .float64(temperature)
                .float64(bias)
                .launch(images, (classes + 31) / 32, CudaResources.BLOCK);
    }

    @Override
    public void backward(Tensor dLogits, double temperature, Tensor dZ) {
        requireTemperature(temperature);
        requireRank(dZ, 4, "dZ", "(N, H, W, K)");
        int classes = dZ.shape().extent(3);
        dLogits.require(Shape.of(dZ.shape().extent(0), classes), operation(), "dLogits");
        long count = dZ.shape().elements();
        kernel("pool_backward")
                .address(address(dZ))
                .address(address(dLogits))
                .int32(dZ.shape().extent(1) * dZ.shape().extent(2))
                .int32(classes)
                .float64(temperature)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void seed(List<List<Integer>> targets, double temperature, Tensor seeds) {
        requireTemperature(temperature);
        requireRank(seeds, 5, "seeds", "(N, T, H, W, K)");
        Shape shape = seeds.shape();
        int classes = shape.extent(4);
        requireTargets(targets, shape.extent(0), shape.extent(1), classes);
        long pairs = (long) shape.extent(0) * shape.extent(1);
        long table = resources().workspace().atLeast(Integer.BYTES * pairs);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(ValueLayout.JAVA_INT, pairs);
            int index = 0;
            for (List<Integer> ofImage : targets) {
                for (int target : ofImage) {
                    values.setAtIndex(ValueLayout.JAVA_INT, index++, target);
                }
            }
            resources().staging().upload(values, table);
        }
        long count = shape.elements();
        kernel("pool_seed")
                .address(address(seeds))
                .address(table)
                .int32(shape.extent(2) * shape.extent(3))
                .int32(classes)
                .float32((float) (1 / temperature))
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    private void requireTargets(List<List<Integer>> targets, int images, int perImage, int classes) {
        if (targets.size() != images) {
            throw new IllegalArgumentException(
                    operation() + ": targets for " + targets.size() + " images, seeds for " + images);
        }
        for (int n = 0; n < images; n++) {
            List<Integer> ofImage = targets.get(n);
            if (ofImage.size() != perImage) {
                throw new IllegalArgumentException(operation() + ": image " + n + " has " + ofImage.size()
                        + " targets, seeds have room for " + perImage + " each");
            }
            for (int target : ofImage) {
                if (target < 0 || target >= classes) {
                    throw new IllegalArgumentException(operation() + ": target " + target + " of image " + n
                            + " is none of the " + classes + " channels, 0 to " + (classes - 1));
                }
            }
        }
    }

    private void requireTemperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    operation() + ": temperature must be positive and finite, got " + temperature);
        }
    }
}
