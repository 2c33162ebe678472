package org.codanet.gpu.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.codanet.bindings.testing.Skip;
import org.codanet.gpu.OtherJvm;
import org.codanet.gpu.RealLibraries;
import org.junit.jupiter.api.Test;

/** The device on NVIDIA's own cuDNN, cuBLAS and NVRTC, as far as it comes without a driver. */
final class RealLibrariesTest {
    private static void assertSays(String output, String line) {
        assertTrue(output.lines().anyMatch(each -> each.matches(line)), line + " is not in:\n" + output);
    }

    @Test
    void descriptorsAndExtentsAgreeAndWithoutADriverEveryStepSaysWhy() {
        for (String environment : RealLibraries.environments()) {
            String output = OtherJvm.output(environment, UseLibrariesWithoutCard.class);
            Skip.unless(!output.contains("cuda: ok"), "this machine has a driver, with which the CUDA device opens");
            assertSays(output, "extents that differ: none of [1-9]\\d\\d+");
            assertSays(output, "math type of FP32: FMA_MATH");
            assertSays(output, "math type of TF32: DEFAULT_MATH");
            assertSays(
                    output,
                    "stride 0: cudnnSetConvolution2dDescriptor: CUDNN_STATUS_BAD_PARAM.* \\(2000\\) for Key\\[.* on no card");
            assertSays(output, "cudnnCreate: cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED.* for the device on cuda:0");
            assertSays(
                    output,
                    "cublasCreate: cublasCreate: CUBLAS_STATUS_NOT_INITIALIZED \\(1\\) for the device on cuda:0");
            assertSays(
                    output,
                    "cuda: device cuda is not available: CUDA driver could not be loaded\\. It comes with the GPU's driver, .*"
                            + "libcuda\\.so\\.1: cannot open shared object file.*");
            assertSays(output, "auto: cpu, not cuda \\(CUDA driver could not be loaded\\..*");
        }
    }
}
