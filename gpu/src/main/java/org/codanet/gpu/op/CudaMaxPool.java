package org.codanet.gpu.op;

import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link MaxPool} by {@code max_pool.cu}. */
public final class CudaMaxPool extends CudaOperation implements MaxPool {
    /** The kernel of the gradient has indices of 32 bits without a sign. */
    private static final long MAX_ELEMENTS = 1L << 32;

    private final MaxPoolShape shape;
    private final KernelSource source;

    public CudaMaxPool(CudaResources resources, String owner, MaxPoolShape shape) {
        super(resources, owner, "max pool");
        this.shape = shape;
        this.source = source(shape);
    }

    /** The source for windows of that shape. */
    static KernelSource source(MaxPoolShape shape) {
        return CudaResources.source("max_pool.cu")
                .define("KERNEL", shape.kernel())
                .define("STRIDE", shape.stride())
                .define("PADDING", shape.padding());
    }

    @Override
    public MaxPoolShape shape() {
        return shape;
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        Shape in = x.shape();
        Shape out = shape.output(in);
        y.require(out, operation(), "y");
        resources()
                .kernel(source, "pool_max")
                .pointer(pointer(y))
                .pointer(pointer(x))
                .int32(in.extent(1))
                .int32(in.extent(2))
                .int32(out.extent(1))
                .int32(out.extent(2))
                .int32(in.extent(3))
                .int64(out.elements())
                .launch(CudaResources.blocks(out.elements()), CudaResources.BLOCK);
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        rule.requireBaseline(baseline != null);
        Shape in = x.shape();
        int targets = MaxPool.requireTargets(shape, in, dOut.shape(), dIn.shape());
        Shape out = shape.output(in);
        if (baseline != null) {
            baseline.require(in, operation(), "baseline");
        }
        long count = dIn.shape().elements();
        if (count > MAX_ELEMENTS) {
            throw new IllegalArgumentException(operation() + ": the gradient " + dIn.shape() + " has " + count
                    + " values, at most " + MAX_ELEMENTS + " are supported; use fewer images or targets at once");
        }
        resources()
                .kernel(source, "pool_max_backward")
                .pointer(pointer(dIn))
                .pointer(pointer(dOut))
                .pointer(pointer(x))
                .pointer(pointer(baseline))
                .int32(targets)
                .int32(in.extent(1))
                .int32(in.extent(2))
                .int32(out.extent(1))
                .int32(out.extent(2))
                .int32(in.extent(3))
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }
}
