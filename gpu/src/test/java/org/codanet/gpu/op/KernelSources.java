package org.codanet.gpu.op;

import java.util.ArrayList;
import java.util.List;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.op.alignment.AlignmentKernels;
import org.codanet.gpu.op.alignment.TensorCoreForward;
import org.codanet.gpu.op.alignment.TensorCoreGradient;

/** Every source of the device, with the defines that it is compiled with. */
public final class KernelSources {
    private KernelSources() {}

    /** The sources that a GPU of a compute capability may have to compile. */
    public static List<KernelSource> all(int capability) {
        List<KernelSource> all = new ArrayList<>(List.of(
                CudaResources.source("elementwise.cu"),
                CudaAdam.source(),
                CudaResources.source("loss.cu"),
                CudaResources.source("image_input.cu"),
                CudaImageAugmentation.source(),
                CudaResources.source("sum_pool.cu"),
                CudaResources.source("contribution_map.cu"),
                CudaConvolution.source(),
                AlignmentKernels.source(65)));
        if (capability >= 80) {
            all.add(TensorCoreForward.source(64, false));
            all.add(TensorCoreForward.source(64, true));
            all.add(TensorCoreGradient.source(64, false));
            all.add(TensorCoreGradient.source(64, true));
            all.add(TensorCoreGradient.source(TensorCoreGradient.mostRank(false), false));
            all.add(TensorCoreGradient.source(TensorCoreGradient.mostRank(true), true));
        }
        if (capability == 90) {
            all.add(TensorCoreGradient.source(16, false));
            all.add(TensorCoreGradient.source(16, true));
            all.add(TensorCoreGradient.source(128, true));
            all.add(TensorCoreForward.source(16, false));
            all.add(TensorCoreForward.source(128, false));
            all.add(TensorCoreForward.source(256, true));
            all.add(AlignmentKernels.source(321));
        }
        return all;
    }
}
