package org.codanet.gpu.op;

import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Tensor;

/** {@link Relu} by {@code relu.cu}. */
public final class CudaRelu extends CudaOperation implements Relu {
    private static final KernelSource SOURCE = source();

    public CudaRelu(CudaResources resources, String owner) {
        super(resources, owner, "relu");
    }

    /** The source with the rules of {@link ReluRule}. */
    static KernelSource source() {
        return CudaResources.source("relu.cu").define("RULE", ReluRule.class);
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        y.require(x.shape(), operation(), "y");
        long count = x.shape().elements();
        resources()
                .kernel(SOURCE, "relu_forward")
                .pointer(pointer(y))
                .pointer(pointer(x))
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        rule.requireBaseline(baseline != null);
        int targets = Relu.requireTargets(operation(), x.shape(), dOut.shape(), "dOut");
        dIn.require(dOut.shape(), operation(), "dIn");
        if (baseline != null) {
            baseline.require(x.shape(), operation(), "baseline");
        }
        long count = dOut.shape().elements();
        resources()
                .kernel(SOURCE, "relu_backward")
                .pointer(pointer(dIn))
                .pointer(pointer(dOut))
                .pointer(pointer(x))
                .pointer(pointer(baseline))
                .constant(rule)
                .int32(targets)
                .int64(x.shape().elements() / x.shape().extent(0))
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }
}
