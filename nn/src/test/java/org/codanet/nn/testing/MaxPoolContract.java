package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link MaxPool} promises, on every device. */
public abstract class MaxPoolContract extends OperationContract {
    private static final int TARGETS = 2;

    static Stream<MaxPoolShape> windows() {
        return Stream.of(
                new MaxPoolShape(3, 2, 1), // the ResNets for ImageNet: windows overlap
                new MaxPoolShape(2, 2, 0), // windows do not overlap
                new MaxPoolShape(2, 3, 1), // positions between windows
                new MaxPoolShape(1, 1, 0)); // the identity
    }

    private static final Shape INPUT = Shape.of(2, 9, 11, 5);

    private static Shape withTargets(Shape shape) {
        return Shape.of(shape.extent(0), TARGETS, shape.extent(1), shape.extent(2), shape.extent(3));
    }

    private static float[] forward(Workplace place, MaxPoolShape shape) {
        Tensor y = place.output(shape.output(INPUT));
        Tensor x = place.input(INPUT, Values.uniform(1, INPUT));
        place.device().maxPool(place.scope(), shape).forward(x, y);
        return place.read(y);
    }

    private static float[] backward(Workplace place, MaxPoolShape shape, ReluRule rule) {
        Shape upper = withTargets(shape.output(INPUT));
        Tensor dIn = place.output(withTargets(INPUT));
        Tensor x = place.input(INPUT, Values.uniform(1, INPUT));
        Tensor x0 = rule == ReluRule.RESCALE ? place.input(INPUT, Values.uniform(2, INPUT)) : null;
        Tensor dOut = place.input(upper, Values.uniform(3, upper));
        place.device().maxPool(place.scope(), shape).backward(rule, x, x0, dOut, dIn);
        return place.read(dIn);
    }

    @ParameterizedTest
    @MethodSource("windows")
    void outputsAndGradientsAgreeWithTheReference(MaxPoolShape shape) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            assertArrayEquals(forward(reference, shape), forward(place, shape));
            for (ReluRule rule : ReluRule.values()) {
                assertClose(rule.name(), backward(reference, shape, rule), backward(place, shape, rule));
            }
        }
    }

    @Test
    void theFirstOfEqualValuesGetsTheGradient() {
        Shape shape = Shape.of(1, 2, 2, 1);
        Shape one = Shape.of(1, 1, 1, 1);
        try (Workplace place = place()) {
            MaxPool pool = place.device().maxPool(place.scope(), new MaxPoolShape(2, 2, 0));
            Tensor dIn = place.output(shape);
            Tensor x = place.input(shape, new float[] {1, 3, 3, 2});
            pool.backward(ReluRule.GRADIENT, x, null, place.input(one, new float[] {7}), dIn);
            assertArrayEquals(new float[] {0, 7, 0, 0}, place.read(dIn));
            Tensor y = place.output(one);
            pool.forward(place.input(shape, new float[] {5, Float.NaN, 9, 2}), y);
            assertArrayEquals(new float[] {Float.NaN}, place.read(y));
        }
    }

    /** The sum of multiplier times change is the gradient times the change of the output, whichever maximum is larger. */
    @Test
    void rescaledGradientsAddUpToTheChangeOfTheOutput() {
        MaxPoolShape shape = new MaxPoolShape(3, 2, 1);
        float[] x = Values.uniform(1, INPUT);
        float[] x0 = Values.uniform(2, INPUT);
        Shape out = shape.output(INPUT);
        float[] g = Values.uniform(3, out);
        try (Workplace place = place()) {
            MaxPool pool = place.device().maxPool(place.scope(), shape);
            Tensor input = place.input(INPUT, x);
            Tensor start = place.input(INPUT, x0);
            Tensor y = place.output(out);
            Tensor y0 = place.output(out);
            pool.forward(input, y);
            pool.forward(start, y0);
            Tensor dIn = place.output(INPUT);
            pool.backward(ReluRule.RESCALE, input, start, place.input(out, g), dIn);
            double expected = Values.product(g, place.read(y)) - Values.product(g, place.read(y0));
            float[] multipliers = place.read(dIn);
            double sum = Values.product(multipliers, x) - Values.product(multipliers, x0);
            assertEquals(expected, sum, 1e-4);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        try (Workplace place = place()) {
            MaxPool pool = place.device().maxPool(place.scope(), new MaxPoolShape(2, 2, 0));
            Tensor x = place.variable(Shape.of(1, 4, 4, 1), new float[16]);
            Tensor y = place.variable(Shape.of(1, 2, 2, 1), new float[4]);
            Tensor two = place.variable(Shape.of(1, 2, 2, 2, 1), new float[8]);
            assertThrows(IllegalArgumentException.class, () -> pool.forward(x, x));
            assertThrows(IllegalArgumentException.class, () -> pool.backward(ReluRule.GRADIENT, x, null, two, x));
            assertThrows(IllegalArgumentException.class, () -> pool.backward(ReluRule.RESCALE, x, null, y, x));
            assertThrows(IllegalArgumentException.class, () -> new MaxPoolShape(2, 2, 2));
            assertThrows(IllegalArgumentException.class, () -> new MaxPoolShape(0, 1, 0));
        }
    }
}
