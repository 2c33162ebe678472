package org.codanet.gpu.library;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.codanet.bindings.testing.Skip;
import org.codanet.gpu.OtherJvm;
import org.codanet.gpu.RealLibraries;
import org.junit.jupiter.api.Test;

/**
 * Tests NVIDIA's cuDNN, cuBLAS and NVRTC on a machine without a driver. Calls that need no driver work, and the others fail with the
 * reason.
 */
final class RealLibrariesTest {
    private static void assertPrinted(String output, String line) {
        assertTrue(output.lines().anyMatch(each -> each.matches(line)), line + " is not in:\n" + output);
    }

    @Test
    void descriptorsWorkWithoutADriverAndEveryOtherStepReportsWhyItFails() {
        for (String environment : RealLibraries.environments()) {
            String output = OtherJvm.output(environment, UseLibrariesWithoutGpu.class);
            Skip.unless(!output.contains("cuda: ok"), "this machine has a driver, with which the CUDA device opens");
            assertPrinted(output, "extents that differ: none of [1-9]\\d\\d+");
            assertPrinted(output, "math type of FP32: FMA_MATH");
            assertPrinted(output, "math type of TF32: DEFAULT_MATH");
            assertPrinted(
                    output,
                    "stride 0: cudnnSetConvolution2dDescriptor: CUDNN_STATUS_BAD_PARAM.* \\(2000\\) for Key\\[.* on no GPU");
            assertPrinted(output, "cudnnCreate: cudnnCreate: CUDNN_STATUS_NOT_INITIALIZED.* for the device on cuda:0");
            assertPrinted(
                    output,
                    "cublasCreate: cublasCreate: CUBLAS_STATUS_NOT_INITIALIZED \\(1\\) for the device on cuda:0");
            assertPrinted(
                    output,
                    "cuda: device cuda is not available: CUDA driver could not be loaded\\. It comes with the GPU's driver, .*"
                            + "libcuda\\.so\\.1: cannot open shared object file.*");
            assertPrinted(output, "auto: cpu, not cuda \\(CUDA driver could not be loaded\\..*");
        }
    }
}
