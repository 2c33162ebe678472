package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.AugmentedImage;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation}, one image per task. */
public final class CpuImageAugmentation extends CpuOperation implements ImageAugmentation {
    public CpuImageAugmentation(CpuContext context, String owner) {
        super(context, owner, "image augmentation");
    }

    @Override
    public void apply(Tensor operations, boolean inverse, Tensor x) {
        CpuContext context = context();
        MemorySegment of = CpuTensor.segment(operations);
        MemorySegment images = CpuTensor.segment(x);
        AugmentationShape shape = AugmentationShape.of(operations, inverse, x);
        int size = shape.imageSize();
        float[] numbers = context.shared(0, shape.images() * shape.operationsSize());
        CpuTensor.read(of, 0, numbers, 0, shape.images() * shape.operationsSize());
        context.workers().run(shape.images(), (image, worker) -> {
            float[] values = context.scratch(worker, 0, size);
            float[] scratch = context.scratch(worker, 1, shape.scratchSize());
            CpuTensor.read(images, (long) image * size, values, 0, size);
            new AugmentedImage(shape, values, scratch).apply(numbers, image);
            CpuTensor.write(values, 0, images, (long) image * size, size);
        });
    }
}
