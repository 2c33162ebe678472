package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    void channelsComeLastAndTheirInversesBehindThem(Shape shape) {
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
                // One subtraction: exact in float32.
                assertArrayEquals(expected, place.read(x));
            }
        }
    }

    @Test
    void refusesAnOutputOfAnotherShape() {
        try (Workplace place = place()) {
            ImageInput input = place.device().imageInput(place.scope());
            Tensor images = place.variable(Shape.of(1, 3, 2, 2), new float[12]);
            Tensor x = place.variable(Shape.of(1, 2, 2, 3), new float[12]);
            assertThrows(IllegalArgumentException.class, () -> input.forward(images, true, x));
            assertThrows(IllegalArgumentException.class, () -> input.forward(x.reshape(Shape.of(12)), false, x));
        }
    }
}
