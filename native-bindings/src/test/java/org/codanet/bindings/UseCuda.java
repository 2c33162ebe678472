package org.codanet.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cublaslt.CublasLt;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.nvrtc.Nvrtc;

/** The program of the child JVMs: calls what works in NVIDIA's libraries without a driver, and prints one result per line. */
final class UseCuda {
    private UseCuda() {}

    public static void main(String[] arguments) {
        print("nvrtc", CudaLibraries.nvrtc().version());
        print("cublas", CudaLibraries.cublas().version());
        print("cublasLt", CudaLibraries.cublasLt().version());
        print("cudnn", CudaLibraries.cudnn().version());
        for (Class<?> bindings : List.of(Nvrtc.class, Cublas.class, CublasLt.class, Cudnn.class)) {
            List<String> functions = NativeLibrary.functionsOf(bindings);
            long resolved = functions.stream()
                    .filter(each -> SymbolLookup.loaderLookup().find(each).isPresent())
                    .count();
            print(bindings.getSimpleName() + ".resolved", resolved + " of " + functions.size());
        }
        try (Arena arena = Arena.ofConfined()) {
            compile(arena);
            convolutionExtents(arena);
            handles(arena);
        }
    }

    /** Compiles a kernel to machine code, which needs neither a driver nor a header. */
    private static void compile(Arena arena) {
        MemorySegment out = arena.allocate(ADDRESS);
        MemorySegment source =
                arena.allocateFrom("extern \"C\" __global__ void twice(float *x) { x[threadIdx.x] *= 2.0f; }");
        MemorySegment none = MemorySegment.NULL;
        print(
                "nvrtcCreateProgram",
                Nvrtc.nvrtcCreateProgram(out, source, arena.allocateFrom("twice.cu"), 0, none, none));
        MemorySegment program = out.get(ADDRESS, 0);
        MemorySegment options = arena.allocate(ADDRESS);
        options.set(ADDRESS, 0, arena.allocateFrom("--gpu-architecture=sm_90"));
        print("nvrtcCompileProgram", Nvrtc.nvrtcCompileProgram(program, 1, options));
        MemorySegment size = arena.allocate(JAVA_LONG);
        Nvrtc.nvrtcGetCUBINSize(program, size);
        MemorySegment cubin = arena.allocate(size.get(JAVA_LONG, 0));
        Nvrtc.nvrtcGetCUBIN(program, cubin);
        print("cubin", cubin.getString(1).substring(0, 3));
        print("nvrtcDestroyProgram", Nvrtc.nvrtcDestroyProgram(out));
    }

    /** The output extents of a strided, padded convolution, as cuDNN computes them. */
    private static void convolutionExtents(Arena arena) {
        MemorySegment out = arena.allocate(ADDRESS);
        Cudnn.cudnnCreateTensorDescriptor(out);
        MemorySegment input = out.get(ADDRESS, 0);
        print(
                "cudnnSetTensor4dDescriptor",
                Cudnn.cudnnSetTensor4dDescriptor(
                        input, Cudnn.CUDNN_TENSOR_NHWC(), Cudnn.CUDNN_DATA_FLOAT(), 2, 6, 32, 31));
        Cudnn.cudnnCreateFilterDescriptor(out);
        MemorySegment filter = out.get(ADDRESS, 0);
        Cudnn.cudnnSetFilter4dDescriptor(filter, Cudnn.CUDNN_DATA_FLOAT(), Cudnn.CUDNN_TENSOR_NHWC(), 16, 6, 3, 5);
        Cudnn.cudnnCreateConvolutionDescriptor(out);
        MemorySegment convolution = out.get(ADDRESS, 0);
        Cudnn.cudnnSetConvolution2dDescriptor(
                convolution, 1, 2, 2, 1, 1, 1, Cudnn.CUDNN_CROSS_CORRELATION(), Cudnn.CUDNN_DATA_FLOAT());
        MemorySegment extents = arena.allocate(JAVA_INT, 4);
        print(
                "cudnnGetConvolution2dForwardOutputDim",
                Cudnn.cudnnGetConvolution2dForwardOutputDim(
                        convolution,
                        input,
                        filter,
                        extents,
                        extents.asSlice(4),
                        extents.asSlice(8),
                        extents.asSlice(12)));
        print(
                "extents",
                extents.get(JAVA_INT, 0) + "x" + extents.get(JAVA_INT, 4) + "x" + extents.get(JAVA_INT, 8) + "x"
                        + extents.get(JAVA_INT, 12));
        Cudnn.cudnnDestroyConvolutionDescriptor(convolution);
        Cudnn.cudnnDestroyFilterDescriptor(filter);
        Cudnn.cudnnDestroyTensorDescriptor(input);
        print(
                "cudnnBackendCreateDescriptor",
                Cudnn.cudnnBackendCreateDescriptor(Cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), out));
        print("cudnnBackendDestroyDescriptor", Cudnn.cudnnBackendDestroyDescriptor(out.get(ADDRESS, 0)));
    }

    /** The status of creating handles. Without a driver the calls fail, with a driver they succeed. */
    private static void handles(Arena arena) {
        MemorySegment out = arena.allocate(ADDRESS);
        int cudnn = Cudnn.cudnnCreate(out);
        print("cudnnCreate", Cudnn.cudnnGetErrorString(cudnn).getString(0));
        if (cudnn == Cudnn.CUDNN_STATUS_SUCCESS()) {
            Cudnn.cudnnDestroy(out.get(ADDRESS, 0));
        }
        int cublas = Cublas.cublasCreate_v2(out);
        print("cublasCreate", Cublas.cublasGetStatusName(cublas).getString(0));
        if (cublas == Cublas.CUBLAS_STATUS_SUCCESS()) {
            Cublas.cublasDestroy_v2(out.get(ADDRESS, 0));
        }
        int cublasLt = CublasLt.cublasLtCreate(out);
        print("cublasLtCreate", CublasLt.cublasLtGetStatusName(cublasLt).getString(0));
        if (cublasLt == CublasLt.CUBLAS_STATUS_SUCCESS()) {
            CublasLt.cublasLtDestroy(out.get(ADDRESS, 0));
        }
        print("driver", CudaLibraries.search().getFirst().loaded().isPresent());
    }

    private static void print(String name, Object value) {
        System.out.println(name + "=" + value);
    }
}
