package org.codanet.nn.reference.op;

import org.codanet.nn.op.AugmentationShape;
import org.codanet.nn.op.AugmentedImage;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageAugmentation}, image after image. In float32, as everywhere: what is defined to the bit has no rounding to be free of. */
public final class ReferenceImageAugmentation extends ReferenceOperation implements ImageAugmentation {
    public ReferenceImageAugmentation(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "image augmentation");
    }

    @Override
    public void apply(Tensor steps, boolean inverse, Tensor x) {
        requireOpen();
        float[] numbers = floats(
                ReferenceTensor.of(steps, memory()), 0, (int) steps.shape().elements());
        ReferenceTensor images = ReferenceTensor.of(x, memory());
        AugmentationShape shape = AugmentationShape.of(steps, inverse, x);
        float[] room = new float[shape.roomSize()];
        for (int image = 0; image < shape.images(); image++) {
            int first = image * shape.imageSize();
            float[] values = floats(images, first, shape.imageSize());
            new AugmentedImage(shape, values, room).apply(numbers, image);
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
