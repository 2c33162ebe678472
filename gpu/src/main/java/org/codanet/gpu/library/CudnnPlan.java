package org.codanet.gpu.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.ConvolutionShape;

/**
 * One convolution as cuDNN runs it: its descriptors and, for each of the three directions, the first deterministic algorithm in the
 * ranking of cuDNN's heuristics. The heuristics run no benchmarks, so creating a plan takes microseconds and no device memory, and gives
 * the same plan in every run.
 */
public final class CudnnPlan implements AutoCloseable {
    private static final int MAX_ALGORITHMS = 8;

    /** Everything that a plan depends on: the convolution and the extents of its input. */
    public record Key(ConvolutionShape shape, int n, int h, int w) {}

    /** A selected algorithm: its number and name, the bytes of workspace that it needs, and its math type. */
    private record Selected(int algorithm, String name, long workspace, String math) {
        @Override
        public String toString() {
            return name + " (" + workspace + " bytes, " + math + ")";
        }
    }

    private static final Map<Integer, String> FORWARD = Map.of(
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM(), "IMPLICIT_GEMM",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM(), "IMPLICIT_PRECOMP_GEMM",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_GEMM(), "GEMM",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_DIRECT(), "DIRECT",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_FFT(), "FFT",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING(), "FFT_TILING",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD(), "WINOGRAD",
            Cudnn.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED(), "WINOGRAD_NONFUSED");

    private static final Map<Integer, String> DATA = Map.of(
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0(), "ALGO_0",
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1(), "ALGO_1",
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT(), "FFT",
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING(), "FFT_TILING",
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD(), "WINOGRAD",
            Cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED(), "WINOGRAD_NONFUSED");

    private static final Map<Integer, String> FILTERS = Map.of(
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0(), "ALGO_0",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1(), "ALGO_1",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3(), "ALGO_3",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT(), "FFT",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING(), "FFT_TILING",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD(), "WINOGRAD",
            Cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED(), "WINOGRAD_NONFUSED");

    private static final Map<Integer, String> MATH = Map.of(
            Cudnn.CUDNN_DEFAULT_MATH(), "DEFAULT_MATH",
            Cudnn.CUDNN_TENSOR_OP_MATH(), "TENSOR_OP_MATH",
            Cudnn.CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION(), "TENSOR_OP_MATH_ALLOW_CONVERSION",
            Cudnn.CUDNN_FMA_MATH(), "FMA_MATH");

    private final CudaContext context;
    private final Key key;
    private final Arena arena = Arena.ofShared();
    private final ConvolutionDescriptors descriptors;
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
    private final MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
    private final Selected forward;
    private final Selected data;
    private final Selected weights;

    CudnnPlan(CudaContext context, MemorySegment handle, Precision precision, Key key) {
        this.context = context;
        this.key = key;
        this.descriptors = new ConvolutionDescriptors(context.name(), precision, key);
        MemorySegment x = descriptors.x();
        MemorySegment w = descriptors.w();
        MemorySegment y = descriptors.y();
        MemorySegment convolution = descriptors.convolution();
        try {
            forward = select(
                    FORWARD,
                    "cudnnGetConvolutionForwardAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                            handle, x, w, convolution, y, MAX_ALGORITHMS, count, found));
            data = select(
                    DATA,
                    "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                            handle, w, y, convolution, x, MAX_ALGORITHMS, count, found));
            weights = select(
                    FILTERS,
                    "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                    (count, found) -> Cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                            handle, x, y, convolution, w, MAX_ALGORITHMS, count, found));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    @FunctionalInterface
    private interface Heuristics {
        int ask(MemorySegment count, MemorySegment found);
    }

    /** cuDNN has one structure for each of the three directions. All three have the same members at the same offsets. */
    private Selected select(Map<Integer, String> names, String function, Heuristics heuristics) {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment count = temporary.allocate(ValueLayout.JAVA_INT);
            MemorySegment found = cudnnConvolutionFwdAlgoPerfStruct.allocateArray(MAX_ALGORITHMS, temporary);
            check(heuristics.ask(count, found), function);
            for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
                MemorySegment each = cudnnConvolutionFwdAlgoPerfStruct.asSlice(found, i);
                if (cudnnConvolutionFwdAlgoPerfStruct.status(each) == Cudnn.CUDNN_STATUS_SUCCESS()
                        && cudnnConvolutionFwdAlgoPerfStruct.determinism(each) == Cudnn.CUDNN_DETERMINISTIC()) {
                    int algorithm = cudnnConvolutionFwdAlgoPerfStruct.algo(each);
                    int math = cudnnConvolutionFwdAlgoPerfStruct.mathType(each);
                    return new Selected(
                            algorithm,
                            names.getOrDefault(algorithm, "algorithm " + algorithm),
                            cudnnConvolutionFwdAlgoPerfStruct.memory(each),
                            MATH.getOrDefault(math, "math type " + math));
                }
            }
        }
        throw new DeviceException(function + ": no deterministic algorithm for " + key + " on " + context.name());
    }

    private void check(int status, String function) {
        descriptors.check(status, function);
    }

    /** Bytes of workspace that are enough for every direction. */
    public long workspace() {
        return Math.max(forward.workspace(), Math.max(data.workspace(), weights.workspace()));
    }

    /** Overwrites {@code to} (N, Ho, Wo, Co) with the convolution of {@code from} (N, H, W, Ci) with filters (Co, k, k, Ci). */
    public void forward(
            MemorySegment handle, DevicePointer from, DevicePointer filters, DevicePointer scratch, DevicePointer to) {
        check(
                Cudnn.cudnnConvolutionForward(
                        handle,
                        one,
                        descriptors.x(),
                        from.segment(),
                        descriptors.w(),
                        filters.segment(),
                        descriptors.convolution(),
                        forward.algorithm(),
                        scratch.segment(),
                        forward.workspace(),
                        zero,
                        descriptors.y(),
                        to.segment()),
                "cudnnConvolutionForward");
    }

    /** Overwrites {@code to} (N, H, W, Ci) with the gradient with respect to the input; {@code from} is the output's gradient. */
    public void backwardData(
            MemorySegment handle, DevicePointer filters, DevicePointer from, DevicePointer scratch, DevicePointer to) {
        check(
                Cudnn.cudnnConvolutionBackwardData(
                        handle,
                        one,
                        descriptors.w(),
                        filters.segment(),
                        descriptors.y(),
                        from.segment(),
                        descriptors.convolution(),
                        data.algorithm(),
                        scratch.segment(),
                        data.workspace(),
                        zero,
                        descriptors.x(),
                        to.segment()),
                "cudnnConvolutionBackwardData");
    }

    /** Overwrites {@code to} (Co, k, k, Ci) with the gradient with respect to the filters; {@code upper} is the output's gradient. */
    public void backwardFilters(
            MemorySegment handle, DevicePointer from, DevicePointer upper, DevicePointer scratch, DevicePointer to) {
        check(
                Cudnn.cudnnConvolutionBackwardFilter(
                        handle,
                        one,
                        descriptors.x(),
                        from.segment(),
                        descriptors.y(),
                        upper.segment(),
                        descriptors.convolution(),
                        weights.algorithm(),
                        scratch.segment(),
                        weights.workspace(),
                        zero,
                        descriptors.w(),
                        to.segment()),
                "cudnnConvolutionBackwardFilter");
    }

    @Override
    public void close() {
        descriptors.close();
        arena.close();
    }

    /** For {@code --verbose}. */
    @Override
    public String toString() {
        return "cuDNN on " + context.name() + ": forward " + forward + ", data " + data + ", filters " + weights + ", ("
                + key.n() + ", " + key.h() + ", " + key.w() + "), " + key.shape();
    }
}
