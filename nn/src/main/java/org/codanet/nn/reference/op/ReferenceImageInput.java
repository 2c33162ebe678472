package org.codanet.nn.reference.op;

import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.ImageWindow;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageInput}, element by element. */
public final class ReferenceImageInput extends ReferenceOperation implements ImageInput {
    public ReferenceImageInput(ReferenceMemory memory, Scope scope) {
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

    @Override
    public void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x) {
        requireOpen();
        ReferenceTensor from = ReferenceTensor.of(images.storage(), memory());
        ReferenceTensor places = placement == null ? null : ReferenceTensor.of(placement, memory());
        ReferenceTensor to = ReferenceTensor.of(x, memory());
        ImageWindow window = ImageWindow.of(images, placement, inverse, x);
        int channels = window.channels();
        for (int i = 0; i < to.size(); i++) {
            int c = i % window.depth();
            int position = i / window.depth() % window.positions();
            int image = i / window.depth() / window.positions();
            int row = position / window.width();
            int column = position % window.width();
            if (places != null) {
                boolean mirrored = places.get(3 * image + 2) != 0;
                row += (int) places.get(3 * image);
                column = (int) places.get(3 * image + 1) + (mirrored ? window.width() - 1 - column : column);
            }
            double value = 0;
            if (row >= 0 && row < window.storedHeight() && column >= 0 && column < window.storedWidth()) {
                long plane = (long) image * channels + c % channels;
                // Rounded to float32, as if the host had divided and uploaded floats.
                value = value(from, plane * window.stored() + row * window.storedWidth() + column) / 255f;
            }
            to.set(i, c < channels ? value : 1 - value);
        }
    }

    private static int value(ReferenceTensor bytes, long index) {
        return (int) ((long) bytes.get((int) (index / 4)) >> 8 * (index % 4)) & 255;
    }
}
