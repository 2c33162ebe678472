package org.codanet.nn.layer;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * An ordinary convolution with its parameters: weight (k, k, Ci, Co) and, if the shape has one, bias (Co).
 *
 * <p>Without a bias the layer is a linear map, and contributions still add up to the logit exactly. With a bias the output is that map
 * plus a constant. Back-projection and {@link #applyMap} leave the constant out, so its share of a logit is missing in the
 * contributions.
 */
public final class ConvolutionLayer implements Layer {
    private final String name;
    private final Device device;
    private final Convolution operation;
    private final Convolution map;
    private final Parameter weight;
    private final Parameter bias;

    /**
     * A layer with undefined weights, owned by {@code scope}.
     *
     * @param name prefix of the parameters' names
     */
    public ConvolutionLayer(String name, Device device, Scope scope, ConvolutionShape shape) {
        this.name = name;
        this.device = device;
        this.operation = device.convolution(scope, shape);
        this.map = shape.bias() ? device.convolution(scope, withoutBias(shape)) : operation;
        int fanIn = shape.inChannels() * shape.kernel() * shape.kernel();
        this.weight = new Parameter(name + ".weight", device, scope, shape.weightShape(), fanIn);
        this.bias = shape.bias()
                ? new Parameter(name + ".bias", device, scope, Shape.of(shape.outChannels()), fanIn)
                : null;
    }

    private static ConvolutionShape withoutBias(ConvolutionShape shape) {
        return new ConvolutionShape(
                shape.inChannels(), shape.outChannels(), shape.kernel(), shape.stride(), shape.padding(), false);
    }

    private record ForwardPass(Tensor input, Tensor output) implements Pass {}

    @Override
    public String name() {
        return name + " convolution";
    }

    /** The geometry. */
    public ConvolutionShape shape() {
        return operation.shape();
    }

    @Override
    public Shape outputShape(Shape input) {
        return operation.shape().output(input);
    }

    @Override
    public List<Parameter> parameters() {
        return Stream.of(weight, bias).filter(p -> p != null).toList();
    }

    /** Does nothing: nothing is derived from the weights. */
    @Override
    public void prepare(Purpose purpose) {}

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, outputShape(x.shape()));
        operation.forward(x, weight.value(), bias == null ? null : bias.value(), y);
        return new ForwardPass(x, y);
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        Tensor x = own(pass).input();
        operation.backwardWeights(x, dOut, weight.gradient(), bias == null ? null : bias.gradient());
        if (dIn != null) {
            inputGradient(pass, dOut, dIn);
        }
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        dIn.require(own(pass).input().shape(), name(), "dIn");
        operation.backwardData(dOut, weight.value(), dIn);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        ForwardPass own = own(pass);
        operation.backwardData(
                Targets.asImages(dOut, own.output().shape(), name(), "dOut"),
                weight.value(),
                Targets.asImages(dIn, own.input().shape(), name(), "dIn"));
    }

    @Override
    public void applyMap(Pass pass, Tensor v, Tensor out) {
        v.require(own(pass).input().shape(), name(), "v");
        map.forward(v, weight.value(), null, out);
    }

    /** The map is the weight and does not depend on x, so {@code dIn} is not changed. */
    @Override
    public void mapBackward(Pass pass, Tensor v, Tensor g, Tensor dIn) {
        v.require(own(pass).input().shape(), name(), "v");
        map.backwardWeights(v, g, weight.gradient(), null);
    }

    /** 1: each target is one more image of a plain convolution. */
    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }

    private ForwardPass own(Pass pass) {
        if (!(pass instanceof ForwardPass own)) {
            throw new IllegalStateException(name() + ": this pass was run by another layer");
        }
        return own;
    }
}
