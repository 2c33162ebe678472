package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
                Shape.of(3, 7, 5, 100), // the classes do not fill a vector
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
            Tensor targets = place.input(Shape.of(2, 3), new float[] {7, 2, 0, 7, 1, 1});
            Tensor seeds = place.output(Shape.of(2, 2, 1, 2, 3));
            place.device().sumPool(place.scope()).seed(targets, 1, 4, seeds);
            float q = .25f;
            float[] expected = {
                0,
                0,
                q,
                0,
                0,
                q,
                q,
                0,
                0,
                q,
                0,
                0, // image 0: channel 2, then channel 0
                0,
                q,
                0,
                0,
                q,
                0,
                0,
                q,
                0,
                0,
                q,
                0 // image 1: channel 1 twice
            };
            assertArrayEquals(expected, place.read(seeds));
        }
    }

    @Test
    void aTargetThatIsNotAChannelSelectsNothing() {
        try (Workplace place = place()) {
            float[] none = {-1, 3, 1.5f, Float.NaN, Float.POSITIVE_INFINITY, -0.5f};
            Tensor seeds = place.output(Shape.of(2, 3, 2, 2, 3));
            place.device().sumPool(place.scope()).seed(place.input(Shape.of(2, 3), none), 0, 4, seeds);
            assertArrayEquals(new float[72], place.read(seeds));
        }
    }

    @Test
    void highestReturnsTheChannelsInDescendingOrderOfLogits() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[] logits = {
            1, 5, -2, 5, 0, // of equal logits the lower channel comes first
            nan, -inf, 0f, -0f, nan, // NaN is lower than all numbers; both zeros are equal
            inf, 3, 3, 3, -3
        };
        try (Workplace place = place()) {
            SumPool pool = place.device().sumPool(place.scope());
            Tensor from = place.input(Shape.of(3, 5), logits);
            Tensor all = place.output(Shape.of(3, 5));
            pool.highest(from, all);
            assertArrayEquals(new float[] {1, 3, 0, 4, 2, 2, 3, 1, 0, 4, 0, 1, 2, 3, 4}, place.read(all));
            Tensor two = place.output(Shape.of(3, 2));
            pool.highest(from, two);
            assertArrayEquals(new float[] {1, 3, 2, 3, 0, 1}, place.read(two));
        }
    }

    @Test
    void highestWorksWithMoreClassesThanABlockHasThreads() {
        Shape shape = Shape.of(2, 700);
        float[] logits = Values.uniform(5, shape);
        try (Workplace place = place()) {
            Tensor channels = place.output(Shape.of(2, 700));
            place.device().sumPool(place.scope()).highest(place.input(shape, logits), channels);
            float[] ranked = place.read(channels);
            for (int i = 0; i < ranked.length; i++) {
                int row = i / 700 * 700;
                assertTrue(i == row || logits[row + (int) ranked[i - 1]] >= logits[row + (int) ranked[i]], "rank " + i);
            }
        }
    }

    @Test
    void tooFewTargetsAreRefused() {
        try (Workplace place = place()) {
            SumPool pool = place.device().sumPool(place.scope());
            Tensor seeds = place.variable(Shape.of(2, 2, 1, 1, 3), new float[12]);
            Tensor targets = place.variable(Shape.of(2, 3), new float[6]);
            pool.seed(targets, 1, 1, seeds);
            for (int first : new int[] {-1, 2}) {
                assertThrows(IllegalArgumentException.class, () -> pool.seed(targets, first, 1, seeds));
            }
            Tensor other = place.variable(Shape.of(3, 2), new float[6]);
            assertThrows(IllegalArgumentException.class, () -> pool.seed(other, 0, 1, seeds));
            assertThrows(IllegalArgumentException.class, () -> pool.highest(other, targets));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pool.highest(targets.slice(0, 1), other.slice(0, 1).reshape(Shape.of(2))));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pool.highest(
                            targets.reshape(Shape.of(3, 2)),
                            targets.reshape(Shape.of(3, 2)).slice(0, 2)));
        }
    }

    @Test
    void wrongShapesAndTemperaturesAreRefused() {
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
