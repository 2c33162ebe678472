package org.codanet.nn.reference.op;

import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Convolution}, patch by patch. */
public final class ReferenceConvolution extends ReferenceOperation implements Convolution {
    private final ConvolutionShape shape;

    public ReferenceConvolution(ReferenceMemory memory, Scope scope, ConvolutionShape shape) {
        super(memory, scope, "convolution");
        this.shape = shape;
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
        requireOpen();
        Windows windows = windows(x.shape());
        ReferenceTensor out = tensor(y, shape.output(x.shape()), "y");
        double[] weight = tensor(w, shape.weightShape(), "w").read();
        if (shape.bias() != (bias != null)) {
            throw new IllegalArgumentException(operation() + ": " + shape + " has " + (shape.bias() ? "a" : "no")
                    + " bias, bias is " + (bias == null ? "null" : bias.toString()));
        }
        double[] constant = bias == null
                ? new double[shape.outChannels()]
                : tensor(bias, Shape.of(shape.outChannels()), "bias").read();
        double[] input = tensor(x, x.shape(), "x").read();
        int channels = shape.outChannels();
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(input, position);
            double[] sums = constant.clone();
            for (int i = 0; i < p.length; i++) {
                for (int o = 0; o < channels; o++) {
                    sums[o] += p[i] * weight[i * channels + o];
                }
            }
            for (int o = 0; o < channels; o++) {
                out.set(position * channels + o, sums[o]);
            }
        }
    }

    @Override
    public void backwardData(Tensor dOut, Tensor w, Tensor dIn) {
        requireOpen();
        ReferenceTensor g = tensor(dOut, shape.output(dIn.shape()), "dOut");
        double[] weight = tensor(w, shape.weightShape(), "w").read();
        ReferenceTensor dX = tensor(dIn, dIn.shape(), "dIn");
        Windows windows = windows(dIn.shape());
        int channels = shape.outChannels();
        double[] sums = new double[dX.size()];
        for (int position = 0; position < windows.positions(); position++) {
            double[] dP = new double[windows.patch()];
            for (int i = 0; i < dP.length; i++) {
                for (int o = 0; o < channels; o++) {
                    dP[i] += g.get(position * channels + o) * weight[i * channels + o];
                }
            }
            windows.col2im(dP, position, sums);
        }
        dX.write(sums);
    }

    @Override
    public void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias) {
        requireOpen();
        ReferenceTensor g = tensor(dOut, shape.output(x.shape()), "dOut");
        ReferenceTensor weight = tensor(dW, shape.weightShape(), "dW");
        ReferenceTensor constant = dBias == null ? null : tensor(dBias, Shape.of(shape.outChannels()), "dBias");
        double[] input = tensor(x, x.shape(), "x").read();
        Windows windows = windows(x.shape());
        int channels = shape.outChannels();
        double[] sums = new double[weight.size()];
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(input, position);
            for (int o = 0; o < channels; o++) {
                double upper = g.get(position * channels + o);
                for (int i = 0; i < p.length; i++) {
                    sums[i * channels + o] += p[i] * upper;
                }
                if (constant != null) {
                    constant.add(o, upper);
                }
            }
        }
        for (int i = 0; i < sums.length; i++) {
            weight.add(i, sums[i]);
        }
    }

    private Windows windows(Shape x) {
        return Windows.of(x, shape.output(x), shape.kernel(), shape.stride(), shape.padding());
    }
}
