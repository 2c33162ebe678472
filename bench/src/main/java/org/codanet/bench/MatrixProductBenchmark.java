package org.codanet.bench;

import java.util.concurrent.TimeUnit;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/**
 * How close operations come to the speed of a plain matrix product, for shapes that suit it. The unit is GFLOP/s, where a multiply-add
 * counts as two operations. Compare with {@code peak_gflops} in the header of the results, which is measured in the same run.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MatrixProductBenchmark extends OnDevice {
    private static final int EXTENT = 16;
    private static final int CHANNELS = 1024;
    private static final int PATCH = 256;
    private static final int UNITS = 64;
    private static final int RANK = 64;
    private static final int POSITIONS = EXTENT * EXTENT;

    /** The product (256, 1024) by (1024, 1024). */
    static final int CONVOLUTION_OPERATIONS = 2 * POSITIONS * CHANNELS * CHANNELS;

    /** The factors a, and the products of all patches with all columns of B: (256, 256) by (256, 64 (64 + 1)). */
    static final int ALIGNMENT_OPERATIONS = 2 * POSITIONS * PATCH * RANK * (UNITS + 1);

    private Convolution convolution;
    private Tensor x;
    private Tensor w;
    private Tensor y;
    private DynamicAlignment alignment;
    private Tensor patches;
    private Tensor aligned;

    @Override
    protected void prepare(Device on, Scope owner) {
        convolution = on.convolution(owner, new ConvolutionShape(CHANNELS, CHANNELS, 1, 1, 0, false));
        x = values(on, owner, Shape.of(1, EXTENT, EXTENT, CHANNELS), 1);
        w = values(on, owner, Shape.of(1, 1, CHANNELS, CHANNELS), 0.1);
        y = on.allocate(owner, Shape.of(1, EXTENT, EXTENT, CHANNELS));
        DynamicAlignmentShape shape = alignmentShape();
        alignment = on.dynamicAlignment(owner, shape);
        alignment.prepare(
                new DynamicAlignment.Weights(
                        values(on, owner, shape.aShape(), 0.1), values(on, owner, shape.bShape(), 0.1), null),
                Purpose.INFERENCE);
        patches = values(on, owner, Shape.of(1, EXTENT, EXTENT, PATCH), 1);
        aligned = on.allocate(owner, Shape.of(1, EXTENT, EXTENT, UNITS));
    }

    /** A 1×1 convolution, which is a single matrix product. */
    @Benchmark
    @OperationsPerInvocation(CONVOLUTION_OPERATIONS)
    public Tensor convolution() {
        convolution.forward(x, w, null, y);
        device().synchronize();
        return y;
    }

    /** Dynamic alignment of 1×1 patches: the product, the reduction to scores in cache, and the squared norms. */
    @Benchmark
    @OperationsPerInvocation(ALIGNMENT_OPERATIONS)
    public Tensor alignment() {
        alignment.forward(patches, aligned, null);
        device().synchronize();
        return aligned;
    }

    static DynamicAlignmentShape alignmentShape() {
        return new DynamicAlignmentShape(PATCH, UNITS, RANK, 1, 1, 0, Norm.SQ, false);
    }
}
