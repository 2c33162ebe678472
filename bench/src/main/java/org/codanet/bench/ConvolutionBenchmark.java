package org.codanet.bench;

import org.codanet.nn.device.Device;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * A 3×3 convolution from 64 to 64 channels, as in ResNets, for comparison with dynamic alignment of the same extents. With N images
 * of S×S pixels, {@link #forward} takes N·S²·36,864 multiply-adds.
 */
public class ConvolutionBenchmark extends OnDevice {
    private static final int CHANNELS = 64;

    /** Batch size. */
    @Param({"1", "16"})
    public int batch;

    /** Height and width of the images. */
    @Param({"8", "32"})
    public int pixels;

    private Convolution operation;
    private Tensor x;
    private Tensor w;
    private Tensor bias;
    private Tensor y;
    private Tensor dIn;
    private Tensor dW;

    @Override
    protected void prepare(Device on, Scope owner) {
        ConvolutionShape shape = new ConvolutionShape(CHANNELS, CHANNELS, 3, 1, 1, true);
        Shape extents = Shape.of(batch, pixels, pixels, CHANNELS);
        operation = on.convolution(owner, shape);
        x = values(on, owner, extents, 1);
        w = values(on, owner, shape.weightShape(), 0.1);
        bias = values(on, owner, Shape.of(CHANNELS), 0.1);
        y = values(on, owner, extents, 1);
        dIn = on.allocate(owner, extents);
        dW = values(on, owner, shape.weightShape(), 0);
    }

    /** The outputs. */
    @Benchmark
    public Tensor forward() {
        operation.forward(x, w, bias, y);
        device().synchronize();
        return y;
    }

    /** The gradient with respect to the input. */
    @Benchmark
    public Tensor backwardData() {
        operation.backwardData(y, w, dIn);
        device().synchronize();
        return dIn;
    }

    /** The gradient with respect to the weights. */
    @Benchmark
    public Tensor backwardWeights() {
        operation.backwardWeights(x, y, dW, null);
        device().synchronize();
        return dW;
    }
}
