package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cublaslt.CublasLt;
import org.codanet.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import org.codanet.bindings.cuda.CUDA_KERNEL_NODE_PARAMS_v2_st;
import org.codanet.bindings.cuda.CUDA_MEMCPY2D_st;
import org.codanet.bindings.cuda.CUlaunchAttribute_st;
import org.codanet.bindings.cuda.CUlaunchConfig_st;
import org.codanet.bindings.cuda.CUmemPoolProps_st;
import org.codanet.bindings.cuda.CUtensorMap_st;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import org.codanet.bindings.nvrtc.Nvrtc;
import org.junit.jupiter.api.Test;

/** What can be checked of the CUDA bindings without any library: constants, sizes of structs, and which functions are bound. */
final class CudaLayoutTest {
    @Test
    void constantsAreReadWithoutALibrary() {
        assertEquals(13_000, Cuda.CUDA_VERSION());
        assertEquals(0, Cuda.CUDA_SUCCESS());
        assertEquals(700, Cuda.CUDA_ERROR_ILLEGAL_ADDRESS());
        assertEquals(91_900, Cudnn.CUDNN_VERSION());
        assertEquals(1, Cublas.CUBLAS_STATUS_NOT_INITIALIZED());
        assertEquals(Cublas.CUBLAS_COMPUTE_32F_FAST_TF32(), CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32());
        assertEquals(7, Nvrtc.NVRTC_ERROR_BUILTIN_OPERATION_FAILURE());
    }

    /** The expected sizes are those of {@code sizeof} in C, for the same headers. */
    @Test
    void structsHaveTheSizeThatCGivesThem() {
        assertEquals(56, CUlaunchConfig_st.sizeof());
        assertEquals(72, CUlaunchAttribute_st.sizeof());
        assertEquals(88, CUmemPoolProps_st.sizeof());
        assertEquals(128, CUDA_MEMCPY2D_st.sizeof());
        assertEquals(72, CUDA_KERNEL_NODE_PARAMS_v2_st.sizeof());
        assertEquals(128, CUtensorMap_st.sizeof());
        assertEquals(96, cublasLtMatmulHeuristicResult_t.sizeof());
        assertEquals(48, cudnnConvolutionFwdAlgoPerfStruct.sizeof());
    }

    /** If {@code regenerate} bound two versions of a function, the older one could be called by mistake. */
    @Test
    void noFunctionIsBoundInTwoVersions() {
        List<String> driver = NativeLibrary.functionsOf(Cuda.class);
        assertTrue(driver.contains("cuMemAlloc_v2") && driver.contains("cuEventElapsedTime"), driver.toString());
        for (String function : driver) {
            String plain = function.replaceFirst("_v\\d+$", "");
            assertEquals(
                    1,
                    driver.stream()
                            .filter(other -> other.replaceFirst("_v\\d+$", "").equals(plain))
                            .count(),
                    function);
        }
    }

    /**
     * The export without a suffix is the first version, in some cases with 32-bit sizes. These functions must be bound with their suffix.
     */
    @Test
    void functionsWithALaterVersionInCuda12AreBoundInThatVersion() {
        List<String> driver = NativeLibrary.functionsOf(Cuda.class);
        Stream.of(
                        "cuMemAlloc",
                        "cuMemFree",
                        "cuMemGetInfo",
                        "cuMemHostRegister",
                        "cuMemHostGetDevicePointer",
                        "cuMemcpyHtoD",
                        "cuMemcpyDtoH",
                        "cuMemcpyDtoD",
                        "cuMemcpyHtoDAsync",
                        "cuMemcpyDtoHAsync",
                        "cuMemcpyDtoDAsync",
                        "cuMemcpy2DAsync",
                        "cuMemsetD8",
                        "cuMemsetD32",
                        "cuModuleGetGlobal",
                        "cuStreamDestroy",
                        "cuEventDestroy",
                        "cuStreamBeginCapture",
                        "cuDeviceTotalMem",
                        "cuDevicePrimaryCtxRelease",
                        "cuDevicePrimaryCtxReset",
                        "cuDevicePrimaryCtxSetFlags",
                        "cuCtxPushCurrent",
                        "cuCtxPopCurrent",
                        "cuGraphExecUpdate",
                        "cuGetProcAddress")
                .forEach(function -> {
                    assertFalse(driver.contains(function), function);
                    assertTrue(driver.contains(function + "_v2"), function);
                });
    }
}
