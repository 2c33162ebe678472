package org.codanet.gpu.library;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.codanet.bindings.CudaLibraries;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Shape;

/** Uses cuDNN, cuBLAS and the device without a driver, and prints the result of each step. */
final class UseLibrariesWithoutGpu {
    private UseLibrariesWithoutGpu() {}

    public static void main(String[] arguments) {
        System.out.println("cuDNN: " + CudaLibraries.cudnn().version());
        try (Arena arena = Arena.ofConfined()) {
            System.out.println("extents that differ: " + extents(arena));
            mathTypes(arena);
            report("cudnnCreate", () -> {
                MemorySegment handle = arena.allocate(ADDRESS);
                CudaContext.checkCudnn(Cudnn.cudnnCreate(handle), "cudnnCreate", "the device", "cuda:0");
            });
            report("cublasCreate", () -> {
                CudaLibraries.cublas();
                MemorySegment handle = arena.allocate(ADDRESS);
                CudaContext.checkCublas(Cublas.cublasCreate_v2(handle), "cublasCreate", "the device", "cuda:0");
            });
        }
        report("cuda", () -> Devices.open("cuda", DeviceOptions.defaults()).close());
        Devices.Choice choice = Devices.choose("auto", DeviceOptions.defaults());
        try (Device device = choice.device()) {
            System.out.println("auto: " + device.name() + ", " + oneLine(choice.reason()));
        }
    }

    private static void report(String what, Runnable work) {
        try {
            work.run();
            System.out.println(what + ": ok");
        } catch (DeviceException failure) {
            System.out.println(what + ": " + oneLine(failure.getMessage()));
        }
    }

    private static String oneLine(String text) {
        return text.replace('\n', '|');
    }

    /** Compares the extents of the output that cuDNN computes from our descriptors with ours, for many convolutions. */
    private static String extents(Arena arena) {
        int compared = 0;
        StringBuilder differ = new StringBuilder();
        MemorySegment out = arena.allocate(JAVA_INT, 4);
        for (int kernel : new int[] {1, 2, 3, 4, 5, 7, 11}) {
            for (int stride : new int[] {1, 2, 3, 5}) {
                for (int padding : new int[] {0, 1, 2, 3, 6}) {
                    ConvolutionShape shape = new ConvolutionShape(3, 5, kernel, stride, padding, false);
                    for (int h : new int[] {1, 2, 3, 7, 32, 33}) {
                        int w = 2 * h + 3;
                        if (h + 2 * padding < kernel) {
                            continue;
                        }
                        Shape ours = shape.output(Shape.of(2, h, w, 3));
                        CudnnPlan.Key key = new CudnnPlan.Key(shape, 2, h, w);
                        try (ConvolutionDescriptors it = new ConvolutionDescriptors("no GPU", Precision.TF32, key)) {
                            it.check(
                                    Cudnn.cudnnGetConvolution2dForwardOutputDim(
                                            it.convolution(),
                                            it.x(),
                                            it.w(),
                                            out,
                                            out.asSlice(4),
                                            out.asSlice(8),
                                            out.asSlice(12)),
                                    "cudnnGetConvolution2dForwardOutputDim");
                        }
                        int[] theirs = out.toArray(JAVA_INT); // N, C, H, W
                        if (!Shape.of(theirs[0], theirs[2], theirs[3], theirs[1])
                                .equals(ours)) {
                            differ.append(' ').append(key).append(" is ").append(ours);
                        }
                        compared++;
                    }
                }
            }
        }
        return (differ.isEmpty() ? "none" : differ) + " of " + compared;
    }

    /** The math type of each precision. A plan is not created, because its heuristics would crash the process without a cuDNN handle. */
    private static void mathTypes(Arena arena) {
        CudnnPlan.Key key = new CudnnPlan.Key(new ConvolutionShape(64, 32, 3, 2, 1, false), 4, 17, 16);
        MemorySegment math = arena.allocate(JAVA_INT);
        for (Precision precision : Precision.values()) {
            try (ConvolutionDescriptors it = new ConvolutionDescriptors("no GPU", precision, key)) {
                it.check(Cudnn.cudnnGetConvolutionMathType(it.convolution(), math), "cudnnGetConvolutionMathType");
                boolean exact = math.get(JAVA_INT, 0) == Cudnn.CUDNN_FMA_MATH();
                System.out.println("math type of " + precision + ": " + (exact ? "FMA_MATH" : "DEFAULT_MATH"));
            }
        }
        report("stride 0", () -> {
            try (ConvolutionDescriptors it = new ConvolutionDescriptors("no GPU", Precision.TF32, key)) {
                it.check(
                        Cudnn.cudnnSetConvolution2dDescriptor(
                                it.convolution(),
                                0,
                                0,
                                0,
                                0,
                                1,
                                1,
                                Cudnn.CUDNN_CROSS_CORRELATION(),
                                Cudnn.CUDNN_DATA_FLOAT()),
                        "cudnnSetConvolution2dDescriptor");
            }
        });
    }
}
