package org.codanet.gpu.op;

import java.util.ArrayList;
import java.util.List;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.op.alignment.AlignmentKernels;
import org.codanet.gpu.op.alignment.FusedTiling;
import org.codanet.gpu.op.alignment.TensorCoreTiling;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;

/** All kernel sources of the device, with the defines that they are compiled with. */
public final class KernelSources {
    /** The first layer of the published network for CIFAR-10, and its largest ones. */
    private static final List<DynamicAlignmentShape> FUSED = List.of(
            new DynamicAlignmentShape(6, 16, 32, 3, 1, 1, Norm.SQ, true),
            new DynamicAlignmentShape(64, 64, 64, 3, 1, 1, Norm.SQ, true));

    private KernelSources() {}

    /** The sources that may have to be compiled for a GPU of a compute capability. */
    public static List<KernelSource> all(int capability) {
        List<KernelSource> all = new ArrayList<>(List.of(
                CudaResources.source("elementwise.cu"),
                CudaAdam.source(),
                CudaResources.source("loss.cu"),
                CudaResources.source("image_input.cu"),
                CudaImageAugmentation.source(),
                CudaResources.source("sum_pool.cu"),
                CudaResources.source("contribution_map.cu"),
                CudaBatchNorm.source(),
                CudaRelu.source(),
                CudaMaxPool.source(new MaxPoolShape(3, 2, 1)),
                CudaConvolution.source()));
        all.addAll(AlignmentKernels.sources(65));
        if (capability >= 80) {
            for (boolean bf16 : new boolean[] {false, true}) {
                all.addAll(new TensorCoreTiling(64, bf16).forwardSources());
                all.add(new TensorCoreTiling(64, bf16).gradientSource());
                all.add(new TensorCoreTiling(TensorCoreTiling.maxGradientRank(bf16), bf16).gradientSource());
            }
        }
        if (capability == 90) {
            all.add(new TensorCoreTiling(16, false).gradientSource());
            all.add(new TensorCoreTiling(16, true).gradientSource());
            all.add(new TensorCoreTiling(128, true).gradientSource());
            all.addAll(new TensorCoreTiling(16, false).forwardSources());
            all.addAll(new TensorCoreTiling(TensorCoreTiling.maxForwardRank(false), false).forwardSources());
            all.addAll(new TensorCoreTiling(TensorCoreTiling.maxForwardRank(true), true).forwardSources());
            all.addAll(AlignmentKernels.sources(321));
            for (DynamicAlignmentShape shape : FUSED) {
                all.addAll(FusedTiling.of(shape).sources(Purpose.TRAINING));
            }
        }
        return all.stream().distinct().toList();
    }
}
