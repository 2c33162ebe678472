package org.codanet.gpu.op;

import java.util.ArrayList;
import java.util.List;
import org.codanet.gpu.kernel.KernelSource;

/** Every source of the device with the numbers it is compiled with. */
public final class KernelSources {
    private KernelSources() {}

    /** What a card of that compute capability may be asked to compile. */
    public static List<KernelSource> all(int capability) {
        String block = "BLOCK=" + CudaResources.BLOCK;
        List<KernelSource> all = new ArrayList<>(List.of(
                KernelSource.of("elementwise.cu", block),
                CudaAdam.source(),
                KernelSource.of("loss.cu", block),
                KernelSource.of("image_input.cu", block),
                KernelSource.of("sum_pool.cu", block),
                KernelSource.of("contribution_map.cu", block),
                CudaConvolution.source(),
                AlignmentKernels.source(65)));
        if (capability == 90) {
            all.add(AlignmentKernels.source(321));
        }
        return all;
    }
}
