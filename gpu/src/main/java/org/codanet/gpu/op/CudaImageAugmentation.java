package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation} by {@code image_augmentation.cu}: all operations on all images in one launch. */
public final class CudaImageAugmentation extends CudaOperation implements ImageAugmentation {
    /** Threads of a block. A block processes one image, so it has the largest possible number of threads. */
    private static final int BLOCK = 1024;

    private static final KernelSource SOURCE = KernelSource.of("image_augmentation.cu")
            .define("BLOCK", BLOCK)
            .define("NUMBERS", AugmentationOperation.NUMBERS)
            .define("KIND", AugmentationOperation.Kind.class);

    public CudaImageAugmentation(CudaResources resources, String owner) {
        super(resources, owner, "image augmentation");
    }

    static KernelSource source() {
        return SOURCE;
    }

    @Override
    public void apply(Tensor steps, boolean inverse, Tensor x) {
        CudaResources resources = resources();
        DevicePointer operations = pointer(steps);
        DevicePointer images = pointer(x);
        AugmentationShape shape = AugmentationShape.of(steps, inverse, x);
        DevicePointer scratch = resources.workspace((long) Float.BYTES * shape.images() * shape.scratchSize());
        resources
                .kernel(SOURCE, "image_augmentation")
                .pointer(images)
                .pointer(scratch)
                .pointer(operations)
                .int32(shape.operations())
                .int32(shape.height())
                .int32(shape.width())
                .int32(shape.channels())
                .flag(inverse)
                .launch(shape.images(), BLOCK);
    }
}
