package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link Relu} promises, on every device. */
public abstract class ReluContract extends OperationContract {
    /** More than one piece of work, which does not fill its last vector. */
    private static final Shape LARGE = Shape.of(3, 29, 31, 13);

    private static Tensor baseline(Workplace place, ReluRule rule, Shape shape, float[] values) {
        return rule == ReluRule.RESCALE ? place.input(shape, values) : null;
    }

    @Test
    void negativeValuesBecomeZeroAndNanStays() {
        Shape shape = Shape.of(6);
        try (Workplace place = place()) {
            Tensor y = place.output(shape);
            float[] x = {-1, 0, -0f, 2, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
            place.device().relu(place.scope()).forward(place.input(shape, x), y);
            assertArrayEquals(new float[] {0, 0, 0, 2, Float.POSITIVE_INFINITY, 0}, place.read(y));
            Tensor nan = place.output(Shape.of(1));
            Tensor input = place.input(Shape.of(1), new float[] {Float.NaN});
            place.device().relu(place.scope()).forward(input, nan);
            assertArrayEquals(new float[] {Float.NaN}, place.read(nan));
        }
    }

    @Test
    void rulesOfHandWorkedValues() {
        Shape shape = Shape.of(1, 8);
        float[] x = {1, 1, -1, -1, 2, -3, 4, 1};
        float[] start = {3, -1, 1, -2, 2, -3, 0, 1};
        float[] g = {5, -6, 7, 8, 9, 10, -4, -2};
        float[] gradient = {5, -6, 0, 0, 9, 0, -4, -2};
        float[] guided = {5, 0, 0, 0, 9, 0, 0, 0};
        float[] rescaled = {5, -3, 3.5f, 0, 9, 0, -4, -2};
        try (Workplace place = place()) {
            for (ReluRule rule : ReluRule.values()) {
                Tensor dIn = place.output(shape);
                Tensor x0 = baseline(place, rule, shape, start);
                place.device()
                        .relu(place.scope())
                        .backward(rule, place.input(shape, x), x0, place.input(shape, g), dIn);
                float[] expected = switch (rule) {
                    case GRADIENT -> gradient;
                    case GUIDED -> guided;
                    case RESCALE -> rescaled;
                };
                assertArrayEquals(expected, place.read(dIn), rule.name());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ReluRule.class)
    void rulesOfSeveralTargetsAgreeWithTheReference(ReluRule rule) {
        for (int targets : new int[] {1, 3}) {
            try (Workplace place = place();
                    Workplace reference = reference()) {
                assertClose(rule + " " + targets, backward(reference, rule, targets), backward(place, rule, targets));
            }
        }
    }

    private static float[] backward(Workplace place, ReluRule rule, int targets) {
        Shape shape = targets == 1
                ? LARGE
                : Shape.of(LARGE.extent(0), targets, LARGE.extent(1), LARGE.extent(2), LARGE.extent(3));
        Tensor dIn = place.output(shape);
        Tensor x = place.input(LARGE, Values.uniform(1, LARGE));
        Tensor x0 = baseline(place, rule, LARGE, Values.uniform(2, LARGE));
        place.device().relu(place.scope()).backward(rule, x, x0, place.input(shape, Values.uniform(3, shape)), dIn);
        return place.read(dIn);
    }

    @Test
    void wrongShapesAndBaselinesAreRefused() {
        Shape shape = Shape.of(2, 1, 1, 3);
        try (Workplace place = place()) {
            Relu relu = place.device().relu(place.scope());
            Tensor x = place.variable(shape, new float[6]);
            Tensor other = place.variable(Shape.of(2, 1, 3, 1), new float[6]);
            Tensor targets = place.variable(Shape.of(3, 2, 1, 1, 3), new float[18]);
            assertThrows(IllegalArgumentException.class, () -> relu.forward(x, other));
            assertThrows(IllegalArgumentException.class, () -> relu.backward(ReluRule.GRADIENT, x, null, other, other));
            assertThrows(
                    IllegalArgumentException.class, () -> relu.backward(ReluRule.GRADIENT, x, null, targets, targets));
            assertThrows(IllegalArgumentException.class, () -> relu.backward(ReluRule.RESCALE, x, null, x, x));
            assertThrows(IllegalArgumentException.class, () -> relu.backward(ReluRule.GUIDED, x, x, x, x));
            assertThrows(IllegalArgumentException.class, () -> relu.backward(ReluRule.RESCALE, x, other, x, x));
        }
    }
}
