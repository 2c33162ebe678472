package org.codanet.nn.layer;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A layer of dynamic alignment units: {@link DynamicAlignment} with the parameters A, B and b. */
public final class DynamicAlignmentLayer implements Layer {
    private final String name;
    private final Device device;
    private final DynamicAlignment operation;
    private final Parameter a;
    private final Parameter b;
    private final Parameter bias;

    /**
     * A layer with undefined weights, owned by {@code scope}.
     *
     * @param name prefix of the parameters' names
     */
    public DynamicAlignmentLayer(String name, Device device, Scope scope, DynamicAlignmentShape shape) {
        this.name = name;
        this.device = device;
        this.operation = device.dynamicAlignment(scope, shape);
        this.a = new Parameter(name + ".A", device, scope, shape.aShape(), shape.patch());
        this.b = new Parameter(name + ".B", device, scope, shape.bShape(), shape.rank());
        this.bias = shape.bias() ? new Parameter(name + ".b", device, scope, shape.biasShape(), shape.rank()) : null;
    }

    private record ForwardPass(Tensor input, Tensor output, DynamicAlignment.State state) implements Pass {}

    @Override
    public String name() {
        return name + " dynamic alignment";
    }

    /** The geometry. */
    public DynamicAlignmentShape shape() {
        return operation.shape();
    }

    @Override
    public Shape outputShape(Shape input) {
        return operation.shape().output(input);
    }

    @Override
    public List<Parameter> parameters() {
        return Stream.of(a, b, bias).filter(p -> p != null).toList();
    }

    @Override
    public void prepare(Purpose purpose) {
        operation.prepare(
                new DynamicAlignment.Weights(a.value(), b.value(), bias == null ? null : bias.value()), purpose);
    }

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, outputShape(x.shape()));
        DynamicAlignment.State state = purpose == Purpose.INFERENCE ? null : operation.state(scope, x.shape(), purpose);
        operation.forward(x, y, state);
        return new ForwardPass(x, y, state);
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        operation.backward(own(pass).state(), pass.input(), dOut, dIn, gradients());
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        operation.backward(own(pass).state(), pass.input(), dOut, dIn, null);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        operation.backProject(own(pass).state(), dOut, dIn);
    }

    @Override
    public void applyMap(Pass pass, Tensor v, Tensor out) {
        operation.applyMap(own(pass).state(), v, out);
    }

    @Override
    public void mapBackward(Pass pass, Tensor v, Tensor g, Tensor dIn) {
        operation.mapBackward(own(pass).state(), pass.input(), v, g, dIn, gradients());
    }

    @Override
    public int minUniformTargets(int targets) {
        return operation.minUniformTargets(targets);
    }

    private ForwardPass own(Pass pass) {
        if (!(pass instanceof ForwardPass own) || own.state() == null) {
            throw new IllegalStateException(
                    name() + ": this pass was run for inference or by another layer, so it has no forward state");
        }
        return own;
    }

    private DynamicAlignment.Weights gradients() {
        return new DynamicAlignment.Weights(a.gradient(), b.gradient(), bias == null ? null : bias.gradient());
    }
}
