package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageInput}: planes to interleaved channels, a run of positions of one image a task. */
final class CpuImageInput extends CpuOperation implements ImageInput {
    private static final int POSITIONS = 1024;

    CpuImageInput(CpuContext context, String owner) {
        super(context, owner, "image input");
    }

    @Override
    public void forward(Tensor images, boolean inverse, Tensor x) {
        CpuContext context = context();
        images.requireOpen();
        Shape shape = images.shape();
        if (shape.rank() != 4) {
            throw new IllegalArgumentException(operation() + ": images are " + shape + ", expected (N, C, H, W)");
        }
        int count = shape.extent(0);
        int channels = shape.extent(1);
        int positions = Math.multiplyExact(shape.extent(2), shape.extent(3));
        int depth = inverse ? 2 * channels : channels;
        x.require(Shape.of(count, shape.extent(2), shape.extent(3), depth), operation(), "x");
        MemorySegment from = CpuTensor.segment(images);
        MemorySegment to = CpuTensor.segment(x);
        int runs = (positions + POSITIONS - 1) / POSITIONS;
        context.workers().run(Math.multiplyExact(count, runs), (index, worker) -> {
            long image = index / runs;
            int first = index % runs * POSITIONS;
            int length = Math.min(POSITIONS, positions - first);
            float[] plane = context.scratch(worker, 0, POSITIONS);
            float[] mixed = context.scratch(worker, 1, POSITIONS * depth);
            for (int c = 0; c < channels; c++) {
                CpuTensor.read(from, (image * channels + c) * positions + first, plane, 0, length);
                for (int i = 0; i < length; i++) {
                    mixed[i * depth + c] = plane[i];
                }
                if (inverse) {
                    for (int i = 0; i < length; i++) {
                        mixed[i * depth + channels + c] = 1 - plane[i];
                    }
                }
            }
            CpuTensor.write(mixed, 0, to, (image * positions + first) * depth, length * depth);
        });
    }
}
