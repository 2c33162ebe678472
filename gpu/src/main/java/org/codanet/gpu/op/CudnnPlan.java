package org.codanet.gpu.op;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.ConvolutionShape;

/**
 * One convolution as cuDNN runs it: descriptors, and for each of the three directions the algorithm that cuDNN's heuristics put
 * first among those that give the same bits each time. Heuristics, not measurements: a plan is made in microseconds, needs no
 * memory and is the same in every run.
 */
final class CudnnPlan implements AutoCloseable {
    private static final int MOST_CHOICES = 8;

    /** What decides a plan. */
    record Key(ConvolutionShape shape, int n, int h, int w) {}

    /** An algorithm's number and the workspace it asks for. */
    record Choice(int algorithm, long workspace) {}

    private final CudaContext context;
    private final Key key;
    private final Arena arena = Arena.ofShared();
    private final List<Runnable> descriptors = new ArrayList<>();
    private final MemorySegment x;
    private final MemorySegment w;
    private final MemorySegment y;
    private final MemorySegment convolution;
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
    private final MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
    private final Choice forward;
    private final Choice data;
    private final Choice weights;

    CudnnPlan(CudaContext context, MemorySegment handle, Precision precision, Key key) {
        this.context = context;
        this.key = key;
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
            // The default lets the matrix units take float operands rounded to TF32; FMA keeps them whole.
            check(
                    Cudnn.cudnnSetConvolutionMathType(
                            convolution,
                            precision == Precision.FP32 ? Cudnn.CUDNN_FMA_MATH() : Cudnn.CUDNN_DEFAULT_MATH()),
                    "cudnnSetConvolutionMathType");
            forward = choose(
                    "cudnnGetConvolutionForwardAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                            handle, x, w, convolution, y, MOST_CHOICES, count, found));
            data = choose(
                    "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                            handle, w, y, convolution, x, MOST_CHOICES, count, found));
            weights = choose(
                    "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                            handle, x, y, convolution, w, MOST_CHOICES, count, found));
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

    @FunctionalInterface
    private interface Heuristics {
        int ask(MemorySegment count, MemorySegment found);
    }

    /** The three structures of choices have the same members at the same places. */
    private Choice choose(String function, Heuristics heuristics) {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment count = temporary.allocate(ValueLayout.JAVA_INT);
            MemorySegment found = cudnnConvolutionFwdAlgoPerfStruct.allocateArray(MOST_CHOICES, temporary);
            check(heuristics.ask(count, found), function);
            for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
                MemorySegment each = cudnnConvolutionFwdAlgoPerfStruct.asSlice(found, i);
                if (cudnnConvolutionFwdAlgoPerfStruct.status(each) == Cudnn.CUDNN_STATUS_SUCCESS()
                        && cudnnConvolutionFwdAlgoPerfStruct.determinism(each) == Cudnn.CUDNN_DETERMINISTIC()) {
                    return new Choice(
                            cudnnConvolutionFwdAlgoPerfStruct.algo(each),
                            cudnnConvolutionFwdAlgoPerfStruct.memory(each));
                }
            }
        }
        throw new DeviceException(
                function + ": no algorithm that gives the same bits each time for " + key + " on " + context.name());
    }

    private void check(int status, String function) {
        context.checkCudnn(status, function, key);
    }

    /** Bytes that each direction needs. */
    long workspace() {
        return Math.max(forward.workspace(), Math.max(data.workspace(), weights.workspace()));
    }

    /** {@code to} (N, Ho, Wo, Co) from {@code from} (N, H, W, Ci) and filters (Co, k, k, Ci). */
    void forward(MemorySegment handle, long from, long filters, long room, long to) {
        check(
                Cudnn.cudnnConvolutionForward(
                        handle,
                        one,
                        x,
                        at(from),
                        w,
                        at(filters),
                        convolution,
                        forward.algorithm(),
                        at(room),
                        forward.workspace(),
                        zero,
                        y,
                        at(to)),
                "cudnnConvolutionForward");
    }

    /** {@code to} (N, H, W, Ci), overwritten. */
    void backwardData(MemorySegment handle, long filters, long from, long room, long to) {
        check(
                Cudnn.cudnnConvolutionBackwardData(
                        handle,
                        one,
                        w,
                        at(filters),
                        y,
                        at(from),
                        convolution,
                        data.algorithm(),
                        at(room),
                        data.workspace(),
                        zero,
                        x,
                        at(to)),
                "cudnnConvolutionBackwardData");
    }

    /** {@code to} (Co, k, k, Ci), overwritten. */
    void backwardFilters(MemorySegment handle, long from, long upper, long room, long to) {
        check(
                Cudnn.cudnnConvolutionBackwardFilter(
                        handle,
                        one,
                        x,
                        at(from),
                        y,
                        at(upper),
                        convolution,
                        weights.algorithm(),
                        at(room),
                        weights.workspace(),
                        zero,
                        w,
                        at(to)),
                "cudnnConvolutionBackwardFilter");
    }

    private static MemorySegment at(long address) {
        return MemorySegment.ofAddress(address);
    }

    @Override
    public void close() {
        descriptors.forEach(Runnable::run);
        descriptors.clear();
        arena.close();
    }

    /** For {@code --verbose}. */
    @Override
    public String toString() {
        return "cuDNN " + key + ": forward algorithm " + forward.algorithm() + ", data " + data.algorithm()
                + ", weights " + weights.algorithm() + ", workspace " + workspace() + " bytes";
    }
}
