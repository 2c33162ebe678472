package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link ImageInput} promises, on every device. */
public abstract class ImageInputContract extends OperationContract {
    static Stream<Shape> shapes() {
        return Stream.of(
                Shape.of(1, 1, 1, 1), // smallest
                Shape.of(3, 3, 5, 7), // colours, odd extents
                Shape.of(2, 1, 28, 28), // grey
                Shape.of(1, 3, 67, 33)); // more positions than one piece of work
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void channelsComeLastAndAreFollowedByTheirInverses(Shape shape) {
        float[] images = Values.uniform(3, shape);
        int channels = shape.extent(1);
        int positions = shape.extent(2) * shape.extent(3);
        for (boolean inverse : new boolean[] {false, true}) {
            int depth = inverse ? 2 * channels : channels;
            Shape out = Shape.of(shape.extent(0), shape.extent(2), shape.extent(3), depth);
            float[] expected = new float[(int) out.elements()];
            for (int i = 0; i < expected.length; i++) {
                int c = i % depth;
                int n = i / depth / positions;
                float value = images[(n * channels + c % channels) * positions + i / depth % positions];
                expected[i] = c < channels ? value : 1 - value;
            }
            try (Workplace place = place()) {
                Tensor x = place.output(out);
                place.device().imageInput(place.scope()).forward(place.input(shape, images), inverse, x);
                // A single subtraction is exact in float32.
                assertArrayEquals(expected, place.read(x));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void bytesGiveTheSameBitsAsFloats(Shape shape) {
        byte[] bytes = Values.bytes(3, shape);
        int channels = shape.extent(1);
        for (boolean inverse : new boolean[] {false, true}) {
            Shape out = Shape.of(shape.extent(0), shape.extent(2), shape.extent(3), inverse ? 2 * channels : channels);
            try (Workplace place = place()) {
                ImageInput input = place.device().imageInput(place.scope());
                Tensor expected = place.output(out);
                input.forward(place.input(shape, divided(bytes)), inverse, expected);
                Tensor x = place.output(out);
                input.forward(place.bytes(shape, bytes), null, inverse, x);
                assertArrayEquals(place.read(expected), place.read(x));
            }
        }
    }

    private static float[] divided(byte[] bytes) {
        float[] values = new float[bytes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
        }
        return values;
    }

    /** Windows inside the image, across each edge and corner, and outside; then all of them flipped. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 1", // smallest
        "3, 5, 7, 5, 7", // as large as the image
        "3, 9, 11, 4, 3", // smaller
        "2, 5, 7, 8, 12", // larger
        "1, 40, 3, 2, 31", // a window across a tall image
        "3, 37, 41, 33, 47", // more positions than one piece of work
    })
    void windowsAreCutOutThenMirrored(int channels, int storedHeight, int storedWidth, int height, int width) {
        int[] tops = {0, 1, -2, storedHeight - height, storedHeight - 1, storedHeight, -height, 1 << 24, -(1 << 24)};
        int[] lefts = {0, 2, -1, storedWidth - width, storedWidth - 1, storedWidth, -width, 1 << 24, -(1 << 24)};
        int count = 2 * tops.length * lefts.length;
        float[] placement = new float[3 * count];
        for (int n = 0; n < count; n++) {
            placement[3 * n] = tops[n / 2 % tops.length];
            placement[3 * n + 1] = lefts[n / 2 / tops.length];
            placement[3 * n + 2] = n % 2;
        }
        Shape shape = Shape.of(count, channels, storedHeight, storedWidth);
        byte[] bytes = Values.bytes(7, shape);
        float[] windows = windows(shape, divided(bytes), placement, height, width);
        for (boolean inverse : new boolean[] {false, true}) {
            Shape out = Shape.of(count, height, width, inverse ? 2 * channels : channels);
            try (Workplace place = place()) {
                ImageInput input = place.device().imageInput(place.scope());
                Tensor expected = place.output(out);
                input.forward(place.input(Shape.of(count, channels, height, width), windows), inverse, expected);
                Tensor x = place.output(out);
                input.forward(place.bytes(shape, bytes), place.input(Shape.of(count, 3), placement), inverse, x);
                assertArrayEquals(place.read(expected), place.read(x));
            }
        }
    }

    /** (N, C, H, W): cropped, then flipped. */
    private static float[] windows(Shape shape, float[] images, float[] placement, int height, int width) {
        int channels = shape.extent(1);
        int storedHeight = shape.extent(2);
        int storedWidth = shape.extent(3);
        float[] windows = new float[shape.extent(0) * channels * height * width];
        for (int plane = 0; plane < shape.extent(0) * channels; plane++) {
            int n = plane / channels;
            for (int y = 0; y < height; y++) {
                float[] line = new float[width];
                for (int u = 0; u < width; u++) {
                    int row = (int) placement[3 * n] + y;
                    int column = (int) placement[3 * n + 1] + u;
                    if (row >= 0 && row < storedHeight && column >= 0 && column < storedWidth) {
                        line[u] = images[(plane * storedHeight + row) * storedWidth + column];
                    }
                }
                for (int u = 0; u < width; u++) {
                    windows[(plane * height + y) * width + u] = line[placement[3 * n + 2] == 1 ? width - 1 - u : u];
                }
            }
        }
        return windows;
    }

    @Test
    void bytesAndPlacementsOfAnotherShapeAreRefused() {
        try (Workplace place = place()) {
            ImageInput input = place.device().imageInput(place.scope());
            ByteTensor images = place.bytes(Shape.of(2, 3, 4, 5), new byte[120]);
            Tensor placement = place.input(Shape.of(2, 3), new float[6]);
            Tensor x = place.variable(Shape.of(2, 4, 5, 3), new float[120]);
            input.forward(images, null, false, x);
            input.forward(images, placement, false, x.reshape(Shape.of(2, 20, 1, 3)));
            refused(input, images, null, true, x);
            refused(input, images, placement, true, x);
            refused(input, images, null, false, x.reshape(Shape.of(2, 5, 4, 3)));
            refused(input, images, null, false, x.slice(0, 1));
            refused(input, images, placement, false, x.slice(0, 1));
            refused(input, images, placement, false, x.reshape(Shape.of(2, 20, 3)));
            refused(input, images, placement.reshape(Shape.of(6)), false, x);
            refused(input, images, placement.reshape(Shape.of(3, 2)), false, x);
            refused(input, images, placement.slice(0, 1), false, x);
            refused(input, new ByteTensor(Shape.of(6, 4, 5), images.storage()), null, false, x);
        }
    }

    private static void refused(ImageInput input, ByteTensor images, Tensor placement, boolean inverse, Tensor x) {
        assertThrows(IllegalArgumentException.class, () -> input.forward(images, placement, inverse, x));
    }

    @Test
    void anOutputOfAnotherShapeIsRefused() {
        try (Workplace place = place()) {
            ImageInput input = place.device().imageInput(place.scope());
            Tensor images = place.variable(Shape.of(1, 3, 2, 2), new float[12]);
            Tensor x = place.variable(Shape.of(1, 2, 2, 3), new float[12]);
            assertThrows(IllegalArgumentException.class, () -> input.forward(images, true, x));
            assertThrows(IllegalArgumentException.class, () -> input.forward(x.reshape(Shape.of(12)), false, x));
        }
    }
}
