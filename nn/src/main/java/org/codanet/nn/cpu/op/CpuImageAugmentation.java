package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.AugmentedImage;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation}, one image per task. */
public final class CpuImageAugmentation extends CpuOperation implements ImageAugmentation {
    private static final String OWNER = "image augmentation";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        IMAGE,
        TEMPORARY
    }

    private enum SharedArray implements ArrayName {
        OPERATIONS
    }

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
        try (Lease numbersLease = context.workspace()
                .leaseShared(SharedArray.OPERATIONS, shape.images() * shape.operationsSize(), OWNER)) {
            float[] numbers = numbersLease.values();
            CpuTensor.read(of, 0, numbers, 0, shape.images() * shape.operationsSize());
            context.workers().run(shape.images(), (image, worker) -> {
                try (Lease valuesLease = context.workspace().lease(worker, Array.IMAGE, size, OWNER);
                        Lease scratchLease =
                                context.workspace().lease(worker, Array.TEMPORARY, shape.scratchSize(), OWNER)) {
                    float[] values = valuesLease.values();
                    float[] scratch = scratchLease.values();
                    CpuTensor.read(images, (long) image * size, values, 0, size);
                    new AugmentedImage(shape, values, scratch).apply(numbers, image);
                    CpuTensor.write(values, 0, images, (long) image * size, size);
                }
            });
        }
    }
}
