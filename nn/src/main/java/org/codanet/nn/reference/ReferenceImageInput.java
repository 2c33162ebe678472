package org.codanet.nn.reference;

import org.codanet.nn.op.ImageInput;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageInput}, element by element. */
final class ReferenceImageInput extends ReferenceOperation implements ImageInput {
    ReferenceImageInput(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "image input");
    }

    @Override
    public void forward(Tensor images, boolean inverse, Tensor x) {
        requireOpen();
        ReferenceTensor from = tensor(images, 4, "images", "(N, C, H, W)");
        Shape shape = from.shape();
        int channels = shape.extent(1);
        int depth = inverse ? 2 * channels : channels;
        ReferenceTensor to = tensor(x, Shape.of(shape.extent(0), shape.extent(2), shape.extent(3), depth), "x");
        int positions = shape.extent(2) * shape.extent(3);
        for (int i = 0; i < to.size(); i++) {
            int c = i % depth;
            int position = i / depth % positions;
            int image = i / depth / positions;
            double value = from.get((image * channels + c % channels) * positions + position);
            to.set(i, c < channels ? value : 1 - value);
        }
    }
}
