package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool}, one image a task, with double sums. */
final class CpuSumPool extends CpuOperation implements SumPool {
    CpuSumPool(CpuContext context, String owner) {
        super(context, owner, "sum pool");
    }

    @Override
    public void forward(Tensor z, double temperature, double bias, Tensor logits) {
        CpuContext context = context();
        requireTemperature(temperature);
        requireRank(z, 4, "z", "(N, H, W, K)");
        int classes = z.shape().extent(3);
        int positions = z.shape().extent(1) * z.shape().extent(2);
        logits.require(Shape.of(z.shape().extent(0), classes), operation(), "logits");
        MemorySegment from = CpuTensor.segment(z);
        MemorySegment to = CpuTensor.segment(logits);
        int rows = rowsOfChunk(classes);
        context.workers().run(z.shape().extent(0), (image, worker) -> {
            float[] values = context.scratch(worker, 0, rows * classes);
            double[] sums = new double[classes];
            for (int row = 0; row < positions; row += rows) {
                int count = Math.min(rows, positions - row);
                CpuTensor.read(from, ((long) image * positions + row) * classes, values, 0, count * classes);
                for (int i = 0; i < count; i++) {
                    for (int k = 0; k < classes; k++) {
                        sums[k] += values[i * classes + k];
                    }
                }
            }
            for (int k = 0; k < classes; k++) {
                to.setAtIndex(CpuTensor.FLOAT, (long) image * classes + k, (float) (sums[k] / temperature + bias));
            }
        });
    }

    @Override
    public void backward(Tensor dLogits, double temperature, Tensor dZ) {
        CpuContext context = context();
        requireTemperature(temperature);
        requireRank(dZ, 4, "dZ", "(N, H, W, K)");
        int classes = dZ.shape().extent(3);
        int positions = dZ.shape().extent(1) * dZ.shape().extent(2);
        dLogits.require(Shape.of(dZ.shape().extent(0), classes), operation(), "dLogits");
        MemorySegment from = CpuTensor.segment(dLogits);
        MemorySegment to = CpuTensor.segment(dZ);
        int rows = Math.min(positions, rowsOfChunk(classes));
        context.workers().run(dZ.shape().extent(0), (image, worker) -> {
            float[] values = context.scratch(worker, 0, rows * classes);
            for (int k = 0; k < classes; k++) {
                values[k] = (float) (from.getAtIndex(CpuTensor.FLOAT, (long) image * classes + k) / temperature);
            }
            for (int i = 1; i < rows; i++) {
                System.arraycopy(values, 0, values, i * classes, classes);
            }
            for (int row = 0; row < positions; row += rows) {
                int count = Math.min(rows, positions - row);
                CpuTensor.write(values, 0, to, ((long) image * positions + row) * classes, count * classes);
            }
        });
    }

    @Override
    public void seed(List<List<Integer>> targets, double temperature, Tensor seeds) {
        CpuContext context = context();
        requireTemperature(temperature);
        requireRank(seeds, 5, "seeds", "(N, T, H, W, K)");
        Shape shape = seeds.shape();
        int images = shape.extent(0);
        int perImage = shape.extent(1);
        int positions = shape.extent(2) * shape.extent(3);
        int classes = shape.extent(4);
        requireTargets(targets, images, perImage, classes);
        MemorySegment to = CpuTensor.segment(seeds);
        float value = (float) (1 / temperature);
        int rows = Math.min(positions, rowsOfChunk(classes));
        context.workers().run(images * perImage, (index, worker) -> {
            float[] values = context.scratch(worker, 0, rows * classes);
            Arrays.fill(values, 0, rows * classes, 0);
            int target = targets.get(index / perImage).get(index % perImage);
            for (int i = 0; i < rows; i++) {
                values[i * classes + target] = value;
            }
            for (int row = 0; row < positions; row += rows) {
                int count = Math.min(rows, positions - row);
                CpuTensor.write(values, 0, to, ((long) index * positions + row) * classes, count * classes);
            }
        });
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

    private static int rowsOfChunk(int classes) {
        return Math.max(1, Chunks.SIZE / classes);
    }

    private void requireTemperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    operation() + ": temperature must be positive and finite, got " + temperature);
        }
    }

    private void requireRank(Tensor t, int rank, String role, String expected) {
        t.requireOpen();
        if (t.shape().rank() != rank) {
            throw new IllegalArgumentException(
                    operation() + ": " + role + " is " + t.shape() + ", expected " + expected);
        }
    }
}
