package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The shortcut without weights of the ResNets for CIFAR-10: every {@code stride}-th position, with as many channels of zeros before and
 * after the input's channels. It is a 1 × 1 convolution with constant weights. Source: He et al., CVPR 2016, option A.
 */
public final class PaddedShortcut implements Layer {
    private final String name;
    private final Device device;
    private final Convolution operation;
    private final Tensor weight;

    /** A layer whose weights are owned by {@code scope}. */
    public PaddedShortcut(String name, Device device, Scope scope, int inChannels, int outChannels, int stride) {
        if (outChannels < inChannels || (outChannels - inChannels) % 2 != 0) {
            throw new IllegalArgumentException(name + ": " + inChannels + " channels cannot be padded to " + outChannels
                    + " with as many on both sides");
        }
        this.name = name;
        this.device = device;
        this.operation = device.convolution(scope, new ConvolutionShape(inChannels, outChannels, 1, stride, 0, false));
        float[] values = new float[inChannels * outChannels];
        for (int c = 0; c < inChannels; c++) {
            values[c * outChannels + c + (outChannels - inChannels) / 2] = 1;
        }
        this.weight = device.allocate(scope, operation.shape().weightShape());
        device.upload(values, weight);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape outputShape(Shape input) {
        return operation.shape().output(input);
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    /** Does nothing: the weights are constant. */
    @Override
    public void prepare(Purpose purpose) {}

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, outputShape(x.shape()));
        operation.forward(x, weight, null, y);
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
        dIn.require(PlainPass.of(pass, this).input().shape(), name, "dIn");
        operation.backwardData(dOut, weight, dIn);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        PlainPass own = PlainPass.of(pass, this);
        operation.backwardData(
                Targets.asImages(dOut, own.output().shape(), name, "dOut"),
                weight,
                Targets.asImages(dIn, own.input().shape(), name, "dIn"));
    }

    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }
}
