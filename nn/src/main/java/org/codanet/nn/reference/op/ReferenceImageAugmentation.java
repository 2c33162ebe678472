package org.codanet.nn.reference.op;

import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.AugmentedImage;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation}, one image after another. In float32, because the operation is defined bit by bit in float32. */
public final class ReferenceImageAugmentation extends ReferenceOperation implements ImageAugmentation {
    public ReferenceImageAugmentation(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "image augmentation");
    }

    @Override
    public void apply(Tensor operations, boolean inverse, Tensor x) {
        requireOpen();
        float[] numbers = floats(ReferenceTensor.of(operations, memory()), 0, (int)
                operations.shape().elements());
        ReferenceTensor images = ReferenceTensor.of(x, memory());
        AugmentationShape shape = AugmentationShape.of(operations, inverse, x);
        float[] scratch = new float[shape.scratchSize()];
        for (int image = 0; image < shape.images(); image++) {
            int first = image * shape.imageSize();
            float[] values = floats(images, first, shape.imageSize());
            new AugmentedImage(shape, values, scratch).apply(numbers, image);
            for (int i = 0; i < values.length; i++) {
                images.set(first + i, values[i]);
            }
        }
    }

    private static float[] floats(ReferenceTensor tensor, int first, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) tensor.get(first + i);
        }
        return values;
    }
}
