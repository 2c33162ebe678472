package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.Stream;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link Convolution} promises, on every device. */
public abstract class ConvolutionContract extends OperationContract {
    /** Geometry, input and purpose of a test case. */
    public record Case(ConvolutionShape shape, Shape in, String why) {
        Shape out() {
            return shape.output(in);
        }

        float[] x() {
            return Values.uniform(1, in);
        }

        float[] w() {
            return Values.uniform(2, shape.weightShape());
        }

        float[] dOut() {
            return Values.uniform(3, out());
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(new ConvolutionShape(1, 1, 1, 1, 0, false), Shape.of(1, 1, 1, 1), "smallest"),
                new Case(new ConvolutionShape(3, 4, 3, 1, 1, true), Shape.of(2, 6, 5, 3), "plain, with bias"),
                new Case(new ConvolutionShape(5, 17, 3, 2, 1, true), Shape.of(3, 8, 7, 5), "stride leaves a remainder"),
                new Case(new ConvolutionShape(6, 9, 7, 3, 3, false), Shape.of(1, 13, 11, 6), "large kernel and stride"),
                new Case(new ConvolutionShape(16, 33, 1, 1, 0, false), Shape.of(2, 9, 10, 16), "a matrix product"),
                new Case(
                        new ConvolutionShape(2, 3, 2, 2, 0, true), Shape.of(2, 5, 7, 2), "even kernel, unread border"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardAgreesWithTheReference(Case one) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            assertClose("y", forward(reference, one), forward(place, one));
        }
    }

    private static float[] forward(Workplace place, Case one) {
        Convolution operation = place.device().convolution(place.scope(), one.shape());
        Tensor y = place.output(one.out());
        Tensor bias = one.shape().bias() ? bias(place, one) : null;
        operation.forward(
                place.input(one.in(), one.x()), place.input(one.shape().weightShape(), one.w()), bias, y);
        return place.read(y);
    }

    private static Tensor bias(Workplace place, Case one) {
        Shape shape = Shape.of(one.shape().outChannels());
        return place.input(shape, Values.uniform(4, shape));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientOfTheInputAgreesWithTheReferenceAndIsOverwritten(Case one) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            assertClose("dIn", backwardData(reference, one), backwardData(place, one));
        }
    }

    private static float[] backwardData(Workplace place, Case one) {
        Convolution operation = place.device().convolution(place.scope(), one.shape());
        Tensor dIn = place.output(one.in());
        operation.backwardData(
                place.input(one.out(), one.dOut()), place.input(one.shape().weightShape(), one.w()), dIn);
        return place.read(dIn);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsOfTheWeightsAgreeWithTheReferenceAndAreAddedTo(Case one) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            for (boolean withBias : new boolean[] {one.shape().bias(), false}) {
                float[][] expected = backwardWeights(reference, one, withBias);
                float[][] actual = backwardWeights(place, one, withBias);
                assertClose("dW", expected[0], actual[0]);
                assertClose("dBias", expected[1], actual[1]);
            }
        }
    }

    private static float[][] backwardWeights(Workplace place, Case one, boolean withBias) {
        Convolution operation = place.device().convolution(place.scope(), one.shape());
        Tensor dW = place.variable(one.shape().weightShape(), halves(one.shape().weightShape()));
        Shape channels = Shape.of(one.shape().outChannels());
        Tensor dBias = place.variable(channels, halves(channels));
        operation.backwardWeights(
                place.input(one.in(), one.x()), place.input(one.out(), one.dOut()), dW, withBias ? dBias : null);
        return new float[][] {place.read(dW), place.read(dBias)};
    }

    private static float[] halves(Shape shape) {
        float[] values = new float[(int) shape.elements()];
        Arrays.fill(values, 0.5f);
        return values;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientOfTheInputIsTheAdjointOfForwardWithoutBias(Case one) {
        ConvolutionShape s = one.shape();
        Case linear = new Case(
                new ConvolutionShape(s.inChannels(), s.outChannels(), s.kernel(), s.stride(), s.padding(), false),
                one.in(),
                one.why());
        try (Workplace place = place()) {
            float[] y = forward(place, linear);
            float[] dIn = backwardData(place, linear);
            double scale = Math.max(Values.absoluteProduct(y, linear.dOut()), Values.absoluteProduct(dIn, linear.x()));
            assertEquals(Values.product(y, linear.dOut()), Values.product(dIn, linear.x()), tolerance() * scale);
        }
    }

    @Test
    void sameInputGivesSameBits() {
        Case one = new Case(new ConvolutionShape(16, 33, 3, 1, 1, true), Shape.of(2, 9, 10, 16), "several tasks");
        try (Workplace place = place()) {
            assertArrayEquals(forward(place, one), forward(place, one));
            assertArrayEquals(backwardData(place, one), backwardData(place, one));
            assertArrayEquals(backwardWeights(place, one, true)[0], backwardWeights(place, one, true)[0]);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        ConvolutionShape shape = new ConvolutionShape(3, 4, 3, 1, 1, false);
        try (Workplace place = place()) {
            Convolution operation = place.device().convolution(place.scope(), shape);
            Tensor x = place.variable(Shape.of(1, 4, 4, 3), new float[48]);
            Tensor w = place.variable(shape.weightShape(), new float[108]);
            Tensor y = place.variable(Shape.of(1, 4, 4, 4), new float[64]);
            Tensor wrong = place.variable(Shape.of(1, 4, 4, 5), new float[80]);
            String message = assertThrows(IllegalArgumentException.class, () -> operation.forward(x, w, null, wrong))
                    .getMessage();
            assertTrue(message.contains("(1, 4, 4, 5)") && message.contains("(1, 4, 4, 4)"), message);
            assertThrows(IllegalArgumentException.class, () -> operation.forward(wrong, w, null, y));
            assertThrows(IllegalArgumentException.class, () -> operation.forward(x, y, null, y));
            assertThrows(IllegalArgumentException.class, () -> operation.backwardData(wrong, w, x));
            assertThrows(IllegalArgumentException.class, () -> operation.backwardWeights(x, y, y, null));
        }
    }
}
