package org.codanet.gpu.op;

import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation} by {@code image_augmentation.cu}: all steps of all images in one launch. */
public final class CudaImageAugmentation extends CudaOperation implements ImageAugmentation {
    /** Threads of a block. It has an image to itself, so the more it has the sooner it is done. */
    private static final int BLOCK = 1024;

    public CudaImageAugmentation(CudaResources resources, String owner) {
        super(resources, owner, "image augmentation");
    }

    static KernelSource source() {
        return KernelSource.of("image_augmentation.cu", "BLOCK=" + BLOCK);
    }

    @Override
    public void apply(Tensor steps, boolean inverse, Tensor x) {
        CudaResources resources = resources();
        long numbers = address(steps);
        long images = address(x);
        AugmentationShape shape = AugmentationShape.of(steps, inverse, x);
        long room = resources.workspaceAddress((long) Float.BYTES * shape.images() * shape.scratchSize());
        resources
                .compiler()
                .kernel(source(), "image_augmentation")
                .address(images)
                .address(room)
                .address(numbers)
                .int32(shape.operations())
                .int32(shape.height())
                .int32(shape.width())
                .int32(shape.channels())
                .int32(inverse ? 1 : 0)
                .launch(shape.images(), BLOCK);
    }
}
