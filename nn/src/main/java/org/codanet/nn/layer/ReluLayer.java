package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Relu} as a layer. */
public final class ReluLayer implements Layer {
    private final String name;
    private final Device device;
    private final Relu operation;

    /** A layer whose operation is owned by {@code scope}. */
    public ReluLayer(String name, Device device, Scope scope) {
        this.name = name;
        this.device = device;
        this.operation = device.relu(scope);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape outputShape(Shape input) {
        return input;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    /** Does nothing: there are no weights. */
    @Override
    public void prepare(Purpose purpose) {}

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, x.shape());
        operation.forward(x, y);
        return new PlainPass(this, x, y);
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        if (dIn != null) {
            inputGradient(pass, dOut, dIn);
        }
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        backProject(pass, dOut, dIn);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        backProject(pass, ReluRule.GRADIENT, null, dOut, dIn);
    }

    @Override
    public void backProject(Pass pass, ReluRule rule, Pass baseline, Tensor dOut, Tensor dIn) {
        Tensor start = baseline == null ? null : PlainPass.of(baseline, this).input();
        operation.backward(rule, PlainPass.of(pass, this).input(), start, dOut, dIn);
    }

    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }
}
