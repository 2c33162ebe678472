package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool} with sums in double precision. A task is one image. */
public final class CpuSumPool extends CpuOperation implements SumPool {
    private static final String OWNER = "sum pool";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        VALUES
    }

    public CpuSumPool(CpuContext context, String owner) {
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
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, rows * classes, OWNER)) {
                float[] values = valuesLease.values();
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
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, rows * classes, OWNER)) {
                float[] values = valuesLease.values();
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
            }
        });
    }

    @Override
    public void seed(Tensor targets, int first, double temperature, Tensor seeds) {
        CpuContext context = context();
        requireTemperature(temperature);
        requireRank(seeds, 5, "seeds", "(N, S, H, W, K)");
        requireRank(targets, 2, "targets", "(N, T)");
        Shape shape = seeds.shape();
        SumPool.requireColumns(targets.shape(), first, shape);
        int perImage = shape.extent(1);
        int columns = targets.shape().extent(1);
        int positions = shape.extent(2) * shape.extent(3);
        int classes = shape.extent(4);
        MemorySegment from = CpuTensor.segment(targets);
        MemorySegment to = CpuTensor.segment(seeds);
        float value = (float) (1 / temperature);
        int rows = Math.min(positions, rowsOfChunk(classes));
        context.workers().run(shape.extent(0) * perImage, (index, worker) -> {
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, rows * classes, OWNER)) {
                float[] values = valuesLease.values();
                Arrays.fill(values, 0, rows * classes, 0);
                int column = first + index % perImage;
                float target = from.getAtIndex(CpuTensor.FLOAT, (long) (index / perImage) * columns + column);
                if (target >= 0 && target < classes && target == (int) target) {
                    for (int i = 0; i < rows; i++) {
                        values[i * classes + (int) target] = value;
                    }
                }
                for (int row = 0; row < positions; row += rows) {
                    int count = Math.min(rows, positions - row);
                    CpuTensor.write(values, 0, to, ((long) index * positions + row) * classes, count * classes);
                }
            }
        });
    }

    @Override
    public void highest(Tensor logits, Tensor channels) {
        CpuContext context = context();
        requireRank(logits, 2, "logits", "(N, K)");
        requireRank(channels, 2, "channels", "(N, S)");
        SumPool.requireRanks(logits.shape(), channels.shape());
        int classes = logits.shape().extent(1);
        int wanted = channels.shape().extent(1);
        MemorySegment from = CpuTensor.segment(logits);
        MemorySegment to = CpuTensor.segment(channels);
        context.workers().run(logits.shape().extent(0), (image, worker) -> {
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, classes, OWNER)) {
                float[] values = valuesLease.values();
                CpuTensor.read(from, (long) image * classes, values, 0, classes);
                for (int k = 0; k < classes; k++) {
                    int rank = rank(values, k, classes);
                    if (rank < wanted) {
                        to.setAtIndex(CpuTensor.FLOAT, (long) image * wanted + rank, k);
                    }
                }
            }
        });
    }

    /** Number of channels that rank before {@code k}. */
    private static int rank(float[] values, int k, int classes) {
        float own = values[k];
        int ahead = 0;
        for (int other = 0; other < classes; other++) {
            float value = values[other];
            boolean level = value == own || Float.isNaN(value) && Float.isNaN(own);
            if (value > own || !Float.isNaN(value) && Float.isNaN(own) || level && other < k) {
                ahead++;
            }
        }
        return ahead;
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
