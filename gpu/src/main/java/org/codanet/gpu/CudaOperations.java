package org.codanet.gpu;

import org.codanet.gpu.op.CudaAdam;
import org.codanet.gpu.op.CudaBatchNorm;
import org.codanet.gpu.op.CudaContributionMap;
import org.codanet.gpu.op.CudaConvolution;
import org.codanet.gpu.op.CudaImageAugmentation;
import org.codanet.gpu.op.CudaImageInput;
import org.codanet.gpu.op.CudaLoss;
import org.codanet.gpu.op.CudaMaxPool;
import org.codanet.gpu.op.CudaRelu;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaSumPool;
import org.codanet.gpu.op.alignment.CudaDynamicAlignment;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Scope;

/** Creates the operations of one device. Each belongs to the scope that it is created in. */
public final class CudaOperations {
    private final CudaResources resources;

    public CudaOperations(CudaResources resources) {
        this.resources = resources;
    }

    public DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape) {
        return scope.register(new CudaDynamicAlignment(resources, scope.path(), shape));
    }

    public Convolution convolution(Scope scope, ConvolutionShape shape) {
        return scope.register(new CudaConvolution(resources, scope.path(), shape));
    }

    public BatchNorm batchNorm(Scope scope, BatchNormShape shape) {
        return scope.register(new CudaBatchNorm(resources, scope.path(), shape));
    }

    public Relu relu(Scope scope) {
        return scope.register(new CudaRelu(resources, scope.path()));
    }

    public MaxPool maxPool(Scope scope, MaxPoolShape shape) {
        return scope.register(new CudaMaxPool(resources, scope.path(), shape));
    }

    public SumPool sumPool(Scope scope) {
        return scope.register(new CudaSumPool(resources, scope.path()));
    }

    public Loss loss(Scope scope, LossKind kind) {
        return scope.register(new CudaLoss(resources, scope.path(), kind));
    }

    public Adam adam(Scope scope) {
        return scope.register(new CudaAdam(resources, scope.path()));
    }

    public ImageInput imageInput(Scope scope) {
        return scope.register(new CudaImageInput(resources, scope.path()));
    }

    public ImageAugmentation imageAugmentation(Scope scope) {
        return scope.register(new CudaImageAugmentation(resources, scope.path()));
    }

    public ContributionMap contributionMap(Scope scope) {
        return scope.register(new CudaContributionMap(resources, scope.path()));
    }
}
