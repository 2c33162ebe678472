package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.CudnnPlan;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Convolution} by cuDNN, channels last. At each call {@code convolution.cu} transposes the filters, which are small compared to
 * the images, to cuDNN's layout.
 */
public final class CudaConvolution extends CudaOperation implements Convolution {
    /** Rows that one block of the bias gradient's first kernel sums. */
    private static final int ROWS = 1024;
    /** Alignment in bytes of the two buffers, the same as that of the memory pool's blocks. */
    private static final long ALIGNMENT = 256;

    private static final KernelSource SOURCE =
            CudaResources.source("convolution.cu").define("ROWS", ROWS);

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
        return SOURCE;
    }

    private Kernel kernel(String function) {
        return resources().kernel(SOURCE, function);
    }

    private CudnnPlan plan(Shape input) {
        return resources().cudnn().plan(shape, input.extent(0), input.extent(1), input.extent(2));
    }

    private int patch() {
        return shape.kernel() * shape.kernel() * shape.inChannels();
    }

    private long filterBytes() {
        return Math.ceilDiv(shape.weightShape().bytes(), ALIGNMENT) * ALIGNMENT;
    }

    /** The filters in cuDNN's layout, and temporary memory for one call. */
    private record Buffers(DevicePointer filters, DevicePointer scratch) {}

    private Buffers buffers(long scratchBytes) {
        DevicePointer all = resources().workspace(filterBytes() + scratchBytes);
        return new Buffers(all.slice(0, shape.weightShape().bytes()), all.from(filterBytes()));
    }

    private void transpose(String function, DevicePointer to, DevicePointer from, int rows, int columns) {
        long count = (long) rows * columns;
        kernel(function)
                .pointer(to)
                .pointer(from)
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
        Buffers buffers = buffers(plan.workspace());
        transpose("transpose", buffers.filters, pointer(w), patch(), shape.outChannels());
        plan.forward(resources().cudnn().handle(), pointer(x), buffers.filters, buffers.scratch, pointer(y));
        if (bias != null) {
            kernel("add_bias")
                    .pointer(pointer(y))
                    .pointer(pointer(bias))
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
        Buffers buffers = buffers(plan.workspace());
        transpose("transpose", buffers.filters, pointer(w), patch(), shape.outChannels());
        plan.backwardData(resources().cudnn().handle(), buffers.filters, pointer(dOut), buffers.scratch, pointer(dIn));
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
        int chunks = Math.toIntExact(Math.ceilDiv(rows, ROWS));
        long partBytes = (long) Float.BYTES * chunks * channels;
        Buffers buffers = buffers(Math.max(plan.workspace(), partBytes));
        plan.backwardFilters(resources().cudnn().handle(), pointer(x), pointer(dOut), buffers.scratch, buffers.filters);
        transpose("add_transposed", pointer(dW), buffers.filters, channels, patch());
        if (dBias != null) {
            kernel("bias_parts")
                    .pointer(buffers.scratch)
                    .pointer(pointer(dOut))
                    .int32(channels)
                    .int64(rows)
                    .launch(Math.ceilDiv(channels, KernelSource.WARP_SIZE), chunks, CudaResources.BLOCK);
            kernel("bias_finish")
                    .pointer(pointer(dBias))
                    .pointer(buffers.scratch)
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
