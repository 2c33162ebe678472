package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link SumPool} promises, on every device. */
public abstract class SumPoolContract extends OperationContract {
    static Stream<Shape> shapes() {
        return Stream.of(
                Shape.of(1, 1, 1, 1), // smallest
                Shape.of(2, 8, 8, 10), // the end of a CIFAR-10 net
                Shape.of(3, 7, 5, 100), // classes no multiple of a vector
                Shape.of(1, 120, 90, 3)); // many positions: a float sum would lose digits
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void logitsAreTheSumsOverTheTemperaturePlusTheBias(Shape shape) {
        Shape out = Shape.of(shape.extent(0), shape.extent(3));
        float[] z = Values.uniform(3, shape);
        try (Workplace place = place();
                Workplace reference = reference()) {
            float[] expected = forward(reference, shape, z, out);
            assertClose("logits", expected, forward(place, shape, z, out));
        }
    }

    private static float[] forward(Workplace place, Shape shape, float[] z, Shape out) {
        Tensor logits = place.output(out);
        place.device().sumPool(place.scope()).forward(place.input(shape, z), 7.5, -2.25, logits);
        return place.read(logits);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void gradientIsTheSameAtEveryPosition(Shape shape) {
        int classes = shape.extent(3);
        Shape out = Shape.of(shape.extent(0), classes);
        float[] dLogits = Values.uniform(3, out);
        float[] expected = new float[(int) shape.elements()];
        int perImage = expected.length / shape.extent(0);
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) (dLogits[i / perImage * classes + i % classes] / 7.5);
        }
        try (Workplace place = place()) {
            Tensor dZ = place.output(shape);
            place.device().sumPool(place.scope()).backward(place.input(out, dLogits), 7.5, dZ);
            assertClose("dZ", expected, place.read(dZ));
        }
    }

    @Test
    void seedsSelectTheTargets() {
        try (Workplace place = place()) {
            Tensor seeds = place.output(Shape.of(2, 2, 1, 2, 3));
            place.device().sumPool(place.scope()).seed(List.of(List.of(2, 0), List.of(1, 1)), 4, seeds);
            float[] expected = {
                0,
                0,
                .25f,
                0,
                0,
                .25f,
                .25f,
                0,
                0,
                .25f,
                0,
                0, // image 0: channel 2, then channel 0
                0,
                .25f,
                0,
                0,
                .25f,
                0,
                0,
                .25f,
                0,
                0,
                .25f,
                0 // image 1: channel 1 twice
            };
            assertArrayEquals(expected, place.read(seeds));
        }
    }

    @Test
    void refusesTargetsThatAreNoChannelsAndUnequalLists() {
        try (Workplace place = place()) {
            SumPool pool = place.device().sumPool(place.scope());
            Tensor seeds = place.variable(Shape.of(2, 1, 1, 1, 3), new float[6]);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> pool.seed(List.of(List.of(0), List.of(3)), 1, seeds))
                    .getMessage();
            assertTrue(message.contains("target 3"), message);
            assertThrows(IllegalArgumentException.class, () -> pool.seed(List.of(List.of(0), List.of(-1)), 1, seeds));
            assertThrows(IllegalArgumentException.class, () -> pool.seed(List.of(List.of(0), List.of(1, 2)), 1, seeds));
            assertThrows(IllegalArgumentException.class, () -> pool.seed(List.of(List.of(0)), 1, seeds));
        }
    }

    @Test
    void refusesWrongShapesAndTemperatures() {
        try (Workplace place = place()) {
            SumPool pool = place.device().sumPool(place.scope());
            Tensor z = place.variable(Shape.of(1, 2, 2, 3), new float[12]);
            Tensor logits = place.variable(Shape.of(1, 3), new float[3]);
            Tensor wrong = place.variable(Shape.of(1, 4), new float[4]);
            assertThrows(IllegalArgumentException.class, () -> pool.forward(z, 1, 0, wrong));
            assertThrows(IllegalArgumentException.class, () -> pool.backward(wrong, 1, z));
            for (double temperature : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
                assertThrows(IllegalArgumentException.class, () -> pool.forward(z, temperature, 0, logits));
            }
        }
    }
}
