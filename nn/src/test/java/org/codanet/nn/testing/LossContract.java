package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link Loss} promises, on every device. */
public abstract class LossContract extends OperationContract {
    private static final Shape LOGITS = Shape.of(5, 7);

    private record Result(float loss, float[] gradient) {}

    private static Result run(
            Workplace place, LossKind kind, Shape shape, float[] logits, float[] labels, double scale) {
        return run(place, kind, shape, logits, labels, null, scale);
    }

    private static Result run(
            Workplace place,
            LossKind kind,
            Shape shape,
            float[] logits,
            float[] labels,
            float[] weights,
            double scale) {
        Tensor loss = place.output(Shape.of(1));
        Tensor gradient = place.output(shape);
        place.device()
                .loss(place.scope(), kind)
                .forward(
                        place.input(shape, logits),
                        place.input(Shape.of(labels.length), labels),
                        weights == null ? null : place.input(Shape.of(weights.length), weights),
                        scale,
                        loss,
                        gradient);
        return new Result(place.read(loss)[0], place.read(gradient));
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void agreesWithTheReference(LossKind kind) {
        float[] logits = Values.uniform(9, LOGITS, 4);
        float[] labels = {0, 6, 3, 3, 1};
        try (Workplace place = place();
                Workplace reference = reference()) {
            Result expected = run(reference, kind, LOGITS, logits, labels, 0.5);
            Result actual = run(place, kind, LOGITS, logits, labels, 0.5);
            assertEquals(expected.loss(), actual.loss(), tolerance() * expected.loss());
            assertClose("dLogits", expected.gradient(), actual.gradient());
        }
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void agreesWithTheReferenceWithWeights(LossKind kind) {
        float[] logits = Values.uniform(9, LOGITS, 4);
        float[] labels = {0, 6, 3, 3, 1};
        float[] weights = {0.25f, 3, 1, 1, 0};
        try (Workplace place = place();
                Workplace reference = reference()) {
            Result expected = run(reference, kind, LOGITS, logits, labels, weights, 0.5);
            Result actual = run(place, kind, LOGITS, logits, labels, weights, 0.5);
            assertEquals(expected.loss(), actual.loss(), tolerance() * expected.loss());
            assertClose("dLogits", expected.gradient(), actual.gradient());
            Close.within("of weight 0", new float[7], Arrays.copyOfRange(actual.gradient(), 28, 35), 0);
        }
    }

    /** A weight of 3 has the effect of two more copies of the image; the sum is divided by the number of images that were given. */
    @ParameterizedTest
    @EnumSource(LossKind.class)
    void aWeightCountsTheImageThatOften(LossKind kind) {
        float[] one = Values.uniform(9, Shape.of(1, 7), 4);
        float[] other = Values.uniform(10, Shape.of(1, 7), 4);
        float[] two = new float[14];
        float[] four = new float[28];
        for (int i = 0; i < 4; i++) {
            System.arraycopy(i < 3 ? one : other, 0, four, 7 * i, 7);
        }
        System.arraycopy(four, 14, two, 0, 14);
        try (Workplace place = place()) {
            Result weighted = run(place, kind, Shape.of(2, 7), two, new float[] {2, 5}, new float[] {3, 1}, 1);
            Result repeated = run(place, kind, Shape.of(4, 7), four, new float[] {2, 2, 2, 5}, 1);
            assertEquals(2 * repeated.loss(), weighted.loss(), 1e-5 * weighted.loss());
            float[] expected = new float[14];
            for (int k = 0; k < 7; k++) {
                expected[k] = 2 * 3 * repeated.gradient()[k];
                expected[7 + k] = 2 * repeated.gradient()[21 + k];
            }
            Close.to("gradient", expected, weighted.gradient(), 1e-5);
        }
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void weightsOfOneChangeNoBit(LossKind kind) {
        float[] logits = Values.uniform(9, LOGITS, 4);
        float[] labels = {0, 6, 3, 3, 1};
        float[] ones = {1, 1, 1, 1, 1};
        try (Workplace place = place()) {
            Result without = run(place, kind, LOGITS, logits, labels, 0.5);
            Result with = run(place, kind, LOGITS, logits, labels, ones, 0.5);
            assertEquals(without.loss(), with.loss());
            assertArrayEquals(without.gradient(), with.gradient());
            assertThrows(
                    IllegalArgumentException.class, () -> run(place, kind, LOGITS, logits, labels, new float[4], 0.5));
        }
    }

    /** The expected values were calculated by hand: log 2 for each logit, and log K. */
    @Test
    void equalLogitsGiveLogarithms() {
        try (Workplace place = place()) {
            Result binary = run(place, LossKind.BCE, Shape.of(1, 4), new float[4], new float[] {2}, 1);
            assertEquals(Math.log(2), binary.loss(), 1e-6);
            Close.to("BCE", new float[] {.125f, .125f, -.125f, .125f}, binary.gradient(), 1e-6);
            Result softmax = run(place, LossKind.CE, Shape.of(1, 4), new float[4], new float[] {2}, 1);
            assertEquals(Math.log(4), softmax.loss(), 1e-6);
            Close.to("CE", new float[] {.25f, .25f, -.75f, .25f}, softmax.gradient(), 1e-6);
        }
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void largeLogitsDoNotOverflow(LossKind kind) {
        try (Workplace place = place()) {
            Result right = run(place, kind, Shape.of(1, 2), new float[] {3e4f, -3e4f}, new float[] {0}, 1);
            assertEquals(0f, right.loss());
            Close.within("gradient", new float[2], right.gradient(), 0);
            Result wrong = run(place, kind, Shape.of(1, 2), new float[] {3e4f, -3e4f}, new float[] {1}, 1);
            assertEquals(kind == LossKind.CE ? 6e4f : 3e4f, wrong.loss());
            float slope = kind == LossKind.CE ? 1 : 0.5f;
            Close.within("gradient", new float[] {slope, -slope}, wrong.gradient(), 1e-6);
        }
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void theScaleAppliesToTheGradientOnly(LossKind kind) {
        float[] logits = Values.uniform(9, LOGITS);
        float[] labels = {0, 6, 3, 3, 1};
        try (Workplace place = place()) {
            Result whole = run(place, kind, LOGITS, logits, labels, 1);
            Result quarter = run(place, kind, LOGITS, logits, labels, 0.25);
            assertEquals(whole.loss(), quarter.loss());
            float[] scaled = quarter.gradient().clone();
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] *= 4;
            }
            Close.to("gradient", whole.gradient(), scaled, 1e-6);
        }
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void labelsThatAreNotClassesAndWrongShapesAreRefused(LossKind kind) {
        try (Workplace place = place()) {
            for (float label : new float[] {7, -1, 0.5f, Float.NaN}) {
                String message = assertThrows(
                                IllegalArgumentException.class,
                                () -> run(place, kind, Shape.of(1, 7), new float[7], new float[] {label}, 1))
                        .getMessage();
                assertTrue(message.contains("label " + label), message);
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> run(place, kind, Shape.of(2, 7), new float[14], new float[] {1}, 1));
        }
    }
}
