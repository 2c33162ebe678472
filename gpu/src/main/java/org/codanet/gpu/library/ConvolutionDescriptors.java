package org.codanet.gpu.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.ConvolutionShape;

/**
 * cuDNN's descriptors of one convolution: input, filters and output in float32, channels last. Their math type decides how operands may
 * be rounded. Needs cuDNN but no GPU.
 */
public final class ConvolutionDescriptors implements AutoCloseable {
    private final String device;
    private final Object subject;
    private final Arena arena = Arena.ofShared();
    private final List<Runnable> descriptors = new ArrayList<>();
    private final MemorySegment x;
    private final MemorySegment w;
    private final MemorySegment y;
    private final MemorySegment convolution;

    /** @param device name for messages */
    public ConvolutionDescriptors(String device, Precision precision, CudnnPlan.Key key) {
        this.device = device;
        this.subject = key;
        ConvolutionShape shape = key.shape();
        int k = shape.kernel();
        try {
            x = descriptor("Tensor", Cudnn::cudnnCreateTensorDescriptor, Cudnn::cudnnDestroyTensorDescriptor);
            y = descriptor("Tensor", Cudnn::cudnnCreateTensorDescriptor, Cudnn::cudnnDestroyTensorDescriptor);
            w = descriptor("Filter", Cudnn::cudnnCreateFilterDescriptor, Cudnn::cudnnDestroyFilterDescriptor);
            convolution = descriptor(
                    "Convolution", Cudnn::cudnnCreateConvolutionDescriptor, Cudnn::cudnnDestroyConvolutionDescriptor);
            tensor(x, key.n(), shape.inChannels(), key.h(), key.w());
            tensor(y, key.n(), shape.outChannels(), shape.outExtent(key.h()), shape.outExtent(key.w()));
            check(
                    Cudnn.cudnnSetFilter4dDescriptor(
                            w,
                            Cudnn.CUDNN_DATA_FLOAT(),
                            Cudnn.CUDNN_TENSOR_NHWC(),
                            shape.outChannels(),
                            shape.inChannels(),
                            k,
                            k),
                    "cudnnSetFilter4dDescriptor");
            check(
                    Cudnn.cudnnSetConvolution2dDescriptor(
                            convolution,
                            shape.padding(),
                            shape.padding(),
                            shape.stride(),
                            shape.stride(),
                            1,
                            1,
                            Cudnn.CUDNN_CROSS_CORRELATION(),
                            Cudnn.CUDNN_DATA_FLOAT()),
                    "cudnnSetConvolution2dDescriptor");
            // Default math allows tensor cores to round float32 operands to TF32. FMA math does not.
            check(
                    Cudnn.cudnnSetConvolutionMathType(
                            convolution,
                            precision == Precision.FP32 ? Cudnn.CUDNN_FMA_MATH() : Cudnn.CUDNN_DEFAULT_MATH()),
                    "cudnnSetConvolutionMathType");
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private MemorySegment descriptor(
            String kind, ToIntFunction<MemorySegment> create, ToIntFunction<MemorySegment> destroy) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        check(create.applyAsInt(out), "cudnnCreate" + kind + "Descriptor");
        MemorySegment descriptor = out.get(ValueLayout.ADDRESS, 0);
        descriptors.add(() -> destroy.applyAsInt(descriptor));
        return descriptor;
    }

    private void tensor(MemorySegment descriptor, int n, int c, int h, int width) {
        check(
                Cudnn.cudnnSetTensor4dDescriptor(
                        descriptor, Cudnn.CUDNN_TENSOR_NHWC(), Cudnn.CUDNN_DATA_FLOAT(), n, c, h, width),
                "cudnnSetTensor4dDescriptor");
    }

    /** Checks the status of a call about this convolution. */
    public void check(int status, String function) {
        CudaContext.checkCudnn(status, function, subject, device);
    }

    /** The input's descriptor: (N, H, W, Ci). */
    public MemorySegment x() {
        return x;
    }

    /** The filters' descriptor: (Co, k, k, Ci). */
    public MemorySegment w() {
        return w;
    }

    /** The output's descriptor: (N, Ho, Wo, Co). */
    MemorySegment y() {
        return y;
    }

    public MemorySegment convolution() {
        return convolution;
    }

    @Override
    public void close() {
        descriptors.forEach(Runnable::run);
        descriptors.clear();
        arena.close();
    }
}
