package org.codanet.gpu.op;

import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.CudnnPlan;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Convolution} by cuDNN, channels last, with filters transposed by {@code convolution.cu} on the way: they are small
 * beside the images.
 */
public final class CudaConvolution extends CudaOperation implements Convolution {
    /** Rows that one block of the bias gradient sums. */
    private static final int ROWS = 1024;

    private final ConvolutionShape shape;

    public CudaConvolution(CudaResources resources, String owner, ConvolutionShape shape) {
        super(resources, owner, "convolution");
        this.shape = shape;
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    static KernelSource source() {
        return KernelSource.of("convolution.cu", "BLOCK=" + CudaResources.BLOCK, "ROWS=" + ROWS);
    }

    private Kernel kernel(String function) {
        return resources().compiler().kernel(source(), function);
    }

    private CudnnPlan plan(Shape input) {
        return resources().cudnn().plan(shape, input.extent(0), input.extent(1), input.extent(2));
    }

    private int patch() {
        return shape.kernel() * shape.kernel() * shape.inChannels();
    }

    private long filterBytes() {
        // Aligned as every block of memory is.
        return (shape.weightShape().bytes() + 255) / 256 * 256;
    }

    private void transpose(String function, long to, long from, int rows, int columns) {
        long count = (long) rows * columns;
        kernel(function)
                .address(to)
                .address(from)
                .int32(rows)
                .int32(columns)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
        Shape out = shape.output(x.shape());
        y.require(out, operation(), "y");
        w.require(shape.weightShape(), operation(), "w");
        requireBias(bias, "bias");
        CudnnPlan plan = plan(x.shape());
        long filters = resources().workspace().atLeast(filterBytes() + plan.workspace());
        transpose("transpose", filters, address(w), patch(), shape.outChannels());
        plan.forward(resources().cudnn().handle(), address(x), filters, filters + filterBytes(), address(y));
        if (bias != null) {
            kernel("add_bias")
                    .address(address(y))
                    .address(address(bias))
                    .int32(shape.outChannels())
                    .int64(out.elements())
                    .launch(CudaResources.blocks(out.elements()), CudaResources.BLOCK);
        }
    }

    @Override
    public void backwardData(Tensor dOut, Tensor w, Tensor dIn) {
        dOut.require(shape.output(dIn.shape()), operation(), "dOut");
        w.require(shape.weightShape(), operation(), "w");
        CudnnPlan plan = plan(dIn.shape());
        long filters = resources().workspace().atLeast(filterBytes() + plan.workspace());
        transpose("transpose", filters, address(w), patch(), shape.outChannels());
        plan.backwardData(resources().cudnn().handle(), filters, address(dOut), filters + filterBytes(), address(dIn));
    }

    @Override
    public void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias) {
        Shape out = shape.output(x.shape());
        dOut.require(out, operation(), "dOut");
        dW.require(shape.weightShape(), operation(), "dW");
        requireBias(dBias, "dBias");
        CudnnPlan plan = plan(x.shape());
        int channels = shape.outChannels();
        long rows = out.elements() / channels;
        int chunks = Math.toIntExact((rows + ROWS - 1) / ROWS);
        long partBytes = 4L * chunks * channels;
        long filters = resources().workspace().atLeast(filterBytes() + Math.max(plan.workspace(), partBytes));
        long room = filters + filterBytes();
        plan.backwardFilters(resources().cudnn().handle(), address(x), address(dOut), room, filters);
        transpose("add_transposed", address(dW), filters, channels, patch());
        if (dBias != null) {
            kernel("bias_parts")
                    .address(room)
                    .address(address(dOut))
                    .int32(channels)
                    .int64(rows)
                    .launch((channels + 31) / 32, chunks, CudaResources.BLOCK);
            kernel("bias_finish")
                    .address(address(dBias))
                    .address(room)
                    .int32(channels)
                    .int32(chunks)
                    .launch(CudaResources.blocks(channels), CudaResources.BLOCK);
        }
    }

    private void requireBias(Tensor bias, String role) {
        if (bias != null) {
            bias.require(Shape.of(shape.outChannels()), operation(), role);
        }
    }

    @Override
    public String toString() {
        return "convolution on " + resources().name() + ": " + shape;
    }
}
