package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link Elementwise} promises, on every device. Sizes: one element, a few, and more than one piece of work. */
public abstract class ElementwiseContract extends OperationContract {
    @ParameterizedTest
    @ValueSource(ints = {1, 231, 100_003})
    void fillAndCopyAreExact(int count) {
        Shape shape = Shape.of(count);
        try (Workplace place = place()) {
            Tensor source = place.output(shape);
            Tensor destination = place.output(shape);
            place.device().elementwise().fill(source, -0.3f);
            place.device().elementwise().copy(source, destination);
            float[] expected = new float[count];
            Arrays.fill(expected, -0.3f);
            assertArrayEquals(expected, place.read(source));
            assertArrayEquals(expected, place.read(destination));
            place.device().elementwise().fill(source, 0);
            assertArrayEquals(new float[count], place.read(source));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 231, 100_003})
    void addAddsTheSourceTimesTheFactor(int count) {
        Shape shape = Shape.of(count);
        float[] a = Values.uniform(1, shape);
        float[] b = Values.uniform(2, shape);
        float[] expected = new float[count];
        for (int i = 0; i < count; i++) {
            expected[i] = (float) (b[i] - 2.5 * a[i]);
        }
        try (Workplace place = place()) {
            Tensor sum = place.variable(shape, b);
            place.device().elementwise().add(place.input(shape, a), -2.5f, sum);
            assertClose("sum", expected, place.read(sum));
        }
    }

    @Test
    void signIsZeroAtZero() {
        float[] values = {3, -4, 0, -0f, Float.MIN_VALUE, -1e30f, 7};
        try (Workplace place = place()) {
            Tensor signs = place.output(Shape.of(7));
            place.device().elementwise().sign(place.input(Shape.of(7), values), 0.5f, signs);
            Close.within("signs", new float[] {.5f, -.5f, 0, 0, .5f, -.5f, .5f}, place.read(signs), 0);
            Tensor same = place.variable(Shape.of(7), values);
            place.device().elementwise().sign(same, 2, same);
            Close.within("in place", new float[] {2, -2, 0, 0, 2, -2, 2}, place.read(same), 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 231, 100_003})
    void absoluteSumHasDoublePrecision(int count) {
        Shape shape = Shape.of(count);
        float[] values = Values.uniform(3, shape);
        double expected = 0;
        for (float value : values) {
            expected += Math.abs(value);
        }
        try (Workplace place = place()) {
            Tensor sum = place.output(Shape.of(1));
            place.device().elementwise().absoluteSum(place.input(shape, values), sum);
            assertEquals(expected, place.read(sum)[0], 1e-6 * expected);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aSingleValueThatIsNotFiniteIsFound(float bad) {
        int count = 100_003;
        Shape shape = Shape.of(count);
        float[] values = Values.uniform(3, shape);
        values[7] = Float.MAX_VALUE;
        try (Workplace place = place()) {
            assertTrue(place.device().elementwise().allFinite(place.input(shape, values)));
            for (int at : new int[] {0, 50_000, count - 1}) {
                float[] spoilt = values.clone();
                spoilt[at] = bad;
                assertFalse(place.device().elementwise().allFinite(place.input(shape, spoilt)), "at " + at);
            }
        }
    }

    @Test
    void shapesMayDifferButNotTheNumberOfElements() {
        try (Workplace place = place()) {
            Elementwise elementwise = place.device().elementwise();
            Tensor six = place.variable(Shape.of(6), new float[] {1, 2, 3, 4, 5, 6});
            Tensor matrix = place.output(Shape.of(2, 3));
            elementwise.copy(six, matrix);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, place.read(matrix));
            Tensor five = place.variable(Shape.of(5), new float[5]);
            assertThrows(IllegalArgumentException.class, () -> elementwise.copy(six, five));
            assertThrows(IllegalArgumentException.class, () -> elementwise.add(six, 1, five));
            assertThrows(IllegalArgumentException.class, () -> elementwise.sign(six, 1, five));
            assertThrows(IllegalArgumentException.class, () -> elementwise.absoluteSum(six, five));
        }
    }
}
