package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link ContributionMap}. A task is a run of positions of one image and one target. The totals of the runs are reduced in a fixed
 * order.
 */
public final class CpuContributionMap extends CpuOperation implements ContributionMap {
    private static final String OWNER = "contribution map";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        PRODUCTS,
        FACTORS,
        SUMS
    }

    private static final int POSITIONS = 1024;

    public CpuContributionMap(CpuContext context, String owner) {
        super(context, owner, "contribution map");
    }

    /** Extents of one call. */
    private record Extents(int images, int targets, int positions, int channels) {
        int runs() {
            return (positions + POSITIONS - 1) / POSITIONS;
        }
    }

    @Override
    public void forward(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total) {
        CpuContext context = context();
        Extents e = extents(x, map, perChannel, perPosition, total);
        MemorySegment values = CpuTensor.segment(x);
        MemorySegment weights = CpuTensor.segment(map);
        MemorySegment byChannel = perChannel == null ? null : CpuTensor.segment(perChannel);
        MemorySegment byPosition = perPosition == null ? null : CpuTensor.segment(perPosition);
        int runs = e.runs();
        double[] sums = new double[Math.multiplyExact(Math.multiplyExact(e.images(), e.targets()), runs)];
        context.workers().run(sums.length, (index, worker) -> {
            int pair = index / runs;
            int first = index % runs * POSITIONS;
            int length = Math.min(POSITIONS, e.positions() - first);
            try (Lease productLease =
                            context.workspace().lease(worker, Array.PRODUCTS, POSITIONS * e.channels(), OWNER);
                    Lease factorLease =
                            context.workspace().lease(worker, Array.FACTORS, POSITIONS * e.channels(), OWNER)) {
                float[] product = productLease.values();
                float[] factor = factorLease.values();
                long image = pair / e.targets();
                CpuTensor.read(
                        values, (image * e.positions() + first) * e.channels(), product, 0, length * e.channels());
                long position = (long) pair * e.positions() + first;
                CpuTensor.read(weights, position * e.channels(), factor, 0, length * e.channels());
                try (Lease lineLease = context.workspace().lease(worker, Array.SUMS, POSITIONS, OWNER)) {
                    float[] line = lineLease.values();
                    sums[index] = reduce(product, factor, length, e.channels(), line);
                    if (byPosition != null) {
                        CpuTensor.write(line, 0, byPosition, position, length);
                    }
                    for (int c = 0; byChannel != null && c < e.channels(); c++) {
                        for (int i = 0; i < length; i++) {
                            line[i] = product[i * e.channels() + c] * factor[i * e.channels() + c];
                        }
                        long plane = (long) pair * e.channels() + c;
                        CpuTensor.write(line, 0, byChannel, plane * e.positions() + first, length);
                    }
                }
            }
        });
        if (total != null) {
            MemorySegment totals = CpuTensor.segment(total);
            for (int pair = 0; pair < e.images() * e.targets(); pair++) {
                double sum = Chunks.sum(Arrays.copyOfRange(sums, pair * runs, (pair + 1) * runs));
                totals.setAtIndex(CpuTensor.FLOAT, pair, (float) sum);
            }
        }
    }

    private static double reduce(float[] values, float[] weights, int length, int channels, float[] line) {
        double total = 0;
        for (int i = 0; i < length; i++) {
            double sum = 0;
            for (int c = 0; c < channels; c++) {
                sum += (double) values[i * channels + c] * weights[i * channels + c];
            }
            line[i] = (float) sum;
            total += sum;
        }
        return total;
    }

    private Extents extents(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total) {
        x.requireOpen();
        map.requireOpen();
        Shape input = x.shape();
        Shape linear = map.shape();
        if (input.rank() != 4 || linear.rank() != 5) {
            throw new IllegalArgumentException(operation() + ": x is " + input + " and map " + linear
                    + ", expected (N, H, W, C) and (N, K, H, W, C)");
        }
        int n = input.extent(0);
        int h = input.extent(1);
        int w = input.extent(2);
        int c = input.extent(3);
        int k = linear.extent(1);
        map.require(Shape.of(n, k, h, w, c), operation(), "map");
        if (perChannel != null) {
            perChannel.require(Shape.of(n, k, c, h, w), operation(), "perChannel");
        }
        if (perPosition != null) {
            perPosition.require(Shape.of(n, k, h, w), operation(), "perPosition");
        }
        if (total != null) {
            total.require(Shape.of(n, k), operation(), "total");
        }
        return new Extents(n, k, Math.multiplyExact(h, w), c);
    }
}
