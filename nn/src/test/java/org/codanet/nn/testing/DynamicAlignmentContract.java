package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link DynamicAlignment} promises, on every device. */
public abstract class DynamicAlignmentContract extends OperationContract {
    /** A layer, its input, and why it is here. */
    public record Case(DynamicAlignmentShape shape, Shape in, String why) {
        @Override
        public String toString() {
            return why + ": " + shape.norm() + " x" + in + " D=" + shape.units() + " r=" + shape.rank() + " k="
                    + shape.kernel() + " s=" + shape.stride() + " p=" + shape.padding()
                    + (shape.bias() ? " with b" : "");
        }

        AlignmentRun.Data data() {
            return AlignmentRun.Data.random(shape, in, 11);
        }

        float[] upper(int classes) {
            return Values.uniform(23, AlignmentRun.many(shape.output(in), classes));
        }
    }

    static Stream<Case> cases() {
        return Arrays.stream(Norm.values()).flatMap(norm -> {
            boolean bias = norm != Norm.WB;
            return Stream.of(
                    one(norm, bias, 2, 6, 5, 3, 4, 3, 3, 1, 1, "plain"),
                    one(norm, false, 1, 1, 3, 4, 1, 2, 1, 1, 0, "one unit on single pixels, without bias"),
                    one(norm, bias, 3, 7, 6, 5, 10, 6, 3, 2, 1, "stride leaves a remainder, nothing divides a vector"),
                    one(norm, bias, 1, 13, 11, 6, 4, 8, 7, 3, 3, "the first layer of the large nets"),
                    one(norm, bias, 2, 5, 3, 3, 3, 40, 3, 1, 2, "rank above the patch, padding above (k-1)/2"),
                    one(norm, false, 2, 9, 9, 7, 17, 4, 1, 1, 0, "1x1 kernel, units one above a vector"),
                    one(norm, bias, 2, 9, 10, 16, 33, 32, 3, 1, 1, "a layer of the paper's ratios, odd units"),
                    one(norm, bias, 1, 4, 30, 4, 5, 3, 2, 2, 0, "even kernel, a wide image"));
        });
    }

    private static Case one(
            Norm norm, boolean bias, int n, int h, int w, int c, int d, int r, int k, int s, int p, String why) {
        return new Case(new DynamicAlignmentShape(c, d, r, k, s, p, norm, bias), Shape.of(n, h, w, c), why);
    }

    private static Case plain(Norm norm) {
        return one(norm, norm != Norm.WB, 2, 6, 5, 3, 4, 3, 3, 1, 1, "plain");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardAgreesWithTheReferenceWhateverItIsFor(Case one) {
        AlignmentRun.Data data = one.data();
        try (Workplace place = place();
                Workplace reference = reference()) {
            float[] expected = new AlignmentRun(reference, data, Purpose.INFERENCE).y();
            for (Purpose purpose : Purpose.values()) {
                assertClose("y for " + purpose, expected, new AlignmentRun(place, data, purpose).y());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void backwardAgreesWithTheReferenceAndAddsToTheGradients(Case one) {
        AlignmentRun.Data data = one.data();
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            truth.backward(one.upper(1), 0.5f).assertClose(run.backward(one.upper(1), 0.5f), tolerance());
            truth.backward(one.upper(1), 0, false).assertClose(run.backward(one.upper(1), 0, false), tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theGradientOfTheInputHasTheSameBitsWithoutThoseOfTheWeights(Case one) {
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.TRAINING);
            float[] expected = run.backward(one.upper(1), 0).x();
            assertArrayEquals(expected, run.inputGradient(one.upper(1)));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void backProjectionOfSeveralFunctionalsAgreesWithTheReference(Case one) {
        AlignmentRun.Data data = one.data();
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            for (int classes : new int[] {1, 3, 10}) {
                assertClose(
                        classes + " functionals",
                        truth.backProject(classes, one.upper(classes)),
                        run.backProject(classes, one.upper(classes)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void functionalsDoNotDisturbEachOther(Case one) {
        int classes = 3;
        Shape out = one.shape().output(one.in());
        float[] all = one.upper(classes);
        int images = out.extent(0);
        int perImage = (int) (out.elements() / images);
        int inPerImage = (int) (one.in().elements() / images);
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.EXPLANATION);
            float[] together = run.backProject(classes, all);
            for (int k = 0; k < classes; k++) {
                float[] single = run.backProject(1, pick(all, images, classes, k, perImage));
                assertClose("functional " + k, single, pick(together, images, classes, k, inPerImage));
            }
        }
    }

    private static float[] pick(float[] all, int images, int classes, int k, int perImage) {
        float[] one = new float[images * perImage];
        for (int n = 0; n < images; n++) {
            System.arraycopy(all, (n * classes + k) * perImage, one, n * perImage, perImage);
        }
        return one;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theFrozenMapIsTheAdjointOfBackProjection(Case one) {
        float[] g = one.upper(1);
        float[] v = Values.uniform(37, one.in());
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.EXPLANATION);
            float[] pulled = run.backProject(1, g);
            float[] pushed = run.applyMap(v);
            double scale = Math.max(Values.absoluteProduct(pulled, v), Values.absoluteProduct(g, pushed));
            assertEquals(Values.product(g, pushed), Values.product(pulled, v), tolerance() * scale);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theFrozenMapOfTheInputItselfIsTheOutput(Case one) {
        float[] g = one.upper(1);
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.EXPLANATION);
            float[] y = run.y();
            assertClose("map of x", y, run.applyMap(one.data().x()));
            float[] pulled = run.backProject(1, g);
            double scale = Math.max(
                    Values.absoluteProduct(g, y),
                    Values.absoluteProduct(pulled, one.data().x()));
            assertEquals(Values.product(g, y), Values.product(pulled, one.data().x()), tolerance() * scale);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theFrozenMapAndItsGradientAgreeWithTheReference(Case one) {
        AlignmentRun.Data data = one.data();
        float[] v = Values.uniform(37, one.in());
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            assertClose("map of v", truth.applyMap(v), run.applyMap(v));
            truth.mapBackward(v, one.upper(1), 0.5f, true)
                    .assertClose(run.mapBackward(v, one.upper(1), 0.5f, true), tolerance());
            truth.mapBackward(v, one.upper(1), 0, false)
                    .assertClose(run.mapBackward(v, one.upper(1), 0, false), tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aFrozenWeightIsAsLongAsItsNormSays(Case one) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.EXPLANATION);
            AlignmentRun truth = new AlignmentRun(reference, one.data(), Purpose.EXPLANATION);
            double[] squares = run.squaredFrozenWeights();
            double[] expected = truth.squaredFrozenWeights();
            for (int i = 0; i < squares.length; i++) {
                assertEquals(expected[i], squares[i], 2 * tolerance(), "unit " + i);
                switch (one.shape().norm()) {
                    case SQ -> assertTrue(squares[i] < 1, "SQ is shorter than 1: " + squares[i]);
                    case L2 -> assertEquals(1, squares[i], 2 * tolerance(), "L2 is 1 long");
                    case WB -> assertTrue(squares[i] <= 1 + 2 * tolerance(), "WB is at most 1 long: " + squares[i]);
                }
            }
        }
    }

    /** An image of zeros, and a corner of zeros as large as a patch in the other one. */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void zeroPatchesGiveZerosNotNaN(Norm norm) {
        Case one = one(norm, false, 2, 8, 8, 3, 5, 4, 3, 1, 0, "zero patches");
        AlignmentRun.Data data = one.data();
        int half = data.x().length / 2;
        Arrays.fill(data.x(), 0, half, 0);
        for (int row = 0; row < 3; row++) {
            Arrays.fill(data.x(), half + row * 24, half + row * 24 + 9, 0);
        }
        float[] v = Values.uniform(37, one.in());
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            float[] y = run.y();
            assertArrayEquals(new float[y.length / 2], Arrays.copyOf(y, y.length / 2), "y of an image of zeros");
            assertArrayEquals(new float[5], Arrays.copyOfRange(y, y.length / 2, y.length / 2 + 5), "y of a zero patch");
            AlignmentRun.Gradients gradients = run.backward(one.upper(1), 0);
            assertArrayEquals(new float[half], Arrays.copyOf(gradients.x(), half), "gradient of an image of zeros");
            truth.backward(one.upper(1), 0).assertClose(gradients, tolerance());
            assertClose("back-projection", truth.backProject(2, one.upper(2)), run.backProject(2, one.upper(2)));
            truth.mapBackward(v, one.upper(1), 0, true)
                    .assertClose(run.mapBackward(v, one.upper(1), 0, true), tolerance());
        }
    }

    /** All B and b zero: weights without length although the patches have one. */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void weightsOfNoLengthGiveZerosNotNaN(Norm norm) {
        Case one = plain(norm);
        AlignmentRun.Data data = one.data();
        Arrays.fill(data.b(), 0);
        if (data.bias() != null) {
            Arrays.fill(data.bias(), 0);
        }
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            assertZero("y", run.y());
            assertZero("back-projection", run.backProject(1, one.upper(1)));
            for (AlignmentRun.Gradients gradients : new AlignmentRun.Gradients[] {
                run.backward(one.upper(1), 0), run.mapBackward(one.data().x(), one.upper(1), 0, true)
            }) {
                assertZero("dIn", gradients.x());
                assertZero("dA", gradients.a());
                assertZero("dB", gradients.b());
                if (gradients.bias() != null) {
                    assertZero("db", gradients.bias());
                }
            }
        }
    }

    private static void assertZero(String what, float[] values) {
        for (float value : values) {
            assertEquals(0.0, value, what);
        }
    }

    /** Training is stopped by what shows in outputs: a NaN must not end as the zero of a weight without length. */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void nanInWeightsOrInputShowsInTheOutput(Norm norm) {
        Case one = one(norm, norm != Norm.WB, 1, 6, 5, 3, 4, 3, 3, 1, 1, "one image");
        try (Workplace place = place()) {
            for (int which = 0; which < 3; which++) {
                AlignmentRun.Data data = one.data();
                // In the middle of the kernel: a device may leave out what meets the padding.
                float[] values = which == 0 ? data.x() : which == 1 ? data.a() : data.b();
                values[which == 0 ? 0 : values.length / 2] = Float.NaN;
                float[] y = new AlignmentRun(place, data, Purpose.TRAINING).y();
                boolean shows = false;
                for (int unit = 0; unit < one.shape().units(); unit++) {
                    shows |= Float.isNaN(y[unit]);
                }
                assertTrue(
                        shows,
                        "first position with a NaN in " + List.of("x", "A", "B").get(which));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Norm.class)
    void sameInputGivesSameBits(Norm norm) {
        Case one = one(norm, norm != Norm.WB, 2, 9, 10, 16, 33, 32, 3, 1, 1, "several tasks");
        try (Workplace place = place()) {
            AlignmentRun first = new AlignmentRun(place, one.data(), Purpose.TRAINING);
            AlignmentRun second = new AlignmentRun(place, one.data(), Purpose.TRAINING);
            assertArrayEquals(first.y(), second.y());
            assertArrayEquals(first.backProject(3, one.upper(3)), second.backProject(3, one.upper(3)));
            AlignmentRun.Gradients expected = first.backward(one.upper(1), 0);
            AlignmentRun.Gradients actual = second.backward(one.upper(1), 0);
            assertArrayEquals(expected.x(), actual.x());
            assertArrayEquals(expected.a(), actual.a());
            assertArrayEquals(expected.b(), actual.b());
            AlignmentRun.Gradients again = first.backward(one.upper(1), 0);
            assertArrayEquals(expected.b(), again.b(), "a second backward from one state");
        }
    }

    @ParameterizedTest
    @EnumSource(Norm.class)
    void anImageGivesTheSameInAnyBatch(Norm norm) {
        Case batch = one(norm, norm != Norm.WB, 3, 7, 6, 5, 10, 6, 3, 1, 1, "three images");
        Case alone = one(norm, norm != Norm.WB, 1, 7, 6, 5, 10, 6, 3, 1, 1, "one of them");
        AlignmentRun.Data data = batch.data();
        int perImage = data.x().length / 3;
        float[] last = Arrays.copyOfRange(data.x(), 2 * perImage, 3 * perImage);
        try (Workplace place = place()) {
            float[] together = new AlignmentRun(place, data, Purpose.INFERENCE).y();
            AlignmentRun.Data one =
                    new AlignmentRun.Data(alone.shape(), alone.in(), last, data.a(), data.b(), data.bias());
            float[] expected = new AlignmentRun(place, one, Purpose.INFERENCE).y();
            assertClose("last of three", expected, Arrays.copyOfRange(together, 2 * expected.length, together.length));
        }
    }

    @Test
    void prepareTakesTheNewWeights() {
        Case one = plain(Norm.SQ);
        AlignmentRun.Data data = one.data();
        DynamicAlignmentShape shape = one.shape();
        float[] doubled = data.b().clone();
        for (int i = 0; i < doubled.length; i++) {
            doubled[i] *= 2;
        }
        AlignmentRun.Data changed = new AlignmentRun.Data(shape, one.in(), data.x(), data.a(), doubled, data.bias());
        try (Workplace place = place();
                Workplace reference = reference()) {
            DynamicAlignment operation = place.device().dynamicAlignment(place.scope(), shape);
            Tensor a = place.input(shape.aShape(), data.a());
            Tensor b = place.variable(shape.bShape(), data.b());
            Tensor bias = place.input(shape.biasShape(), data.bias());
            Tensor x = place.input(one.in(), data.x());
            Tensor y = place.output(shape.output(one.in()));
            operation.prepare(new DynamicAlignment.Weights(a, b, bias), Purpose.INFERENCE);
            operation.forward(x, y, null);
            place.device().upload(doubled, b);
            operation.prepare(new DynamicAlignment.Weights(a, b, bias), Purpose.INFERENCE);
            operation.forward(x, y, null);
            assertClose("y", new AlignmentRun(reference, changed, Purpose.INFERENCE).y(), place.read(y));
        }
    }

    @Test
    void aStateSaysItsSizeBeforehandAndIsGivenBack() {
        Case one = plain(Norm.SQ);
        try (Workplace place = place()) {
            DynamicAlignment operation = new AlignmentRun(place, one.data(), Purpose.TRAINING).operation();
            long before = place.device().memory().live();
            try (Scope step = place.scope().child("step")) {
                DynamicAlignment.State state = operation.state(step, one.in(), Purpose.TRAINING);
                assertEquals(operation.stateBytes(one.in(), Purpose.TRAINING), state.bytes());
                assertTrue(place.device().memory().live() >= before + state.bytes(), "the state is counted");
            }
            assertEquals(before, place.device().memory().live());
        }
    }

    @Test
    void refusesWhatIsOutOfOrder() {
        Case one = plain(Norm.SQ);
        try (Workplace place = place()) {
            DynamicAlignment unprepared = place.device().dynamicAlignment(place.scope(), one.shape());
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.EXPLANATION);
            Tensor y = place.variable(one.shape().output(one.in()), one.upper(1));
            assertThrows(IllegalStateException.class, () -> unprepared.forward(run.x(), y, null));
            assertThrows(IllegalStateException.class, () -> run.backward(one.upper(1), 0), "an explanation's state");
            AlignmentRun other = new AlignmentRun(place, one.data(), Purpose.TRAINING);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> other.operation().applyMap(run.state(), run.x(), y),
                    "another operation's state");
            Scope step = place.scope().child("step");
            DynamicAlignment.State closed = run.operation().state(step, one.in(), Purpose.EXPLANATION);
            step.close();
            String message = assertThrows(
                            IllegalStateException.class, () -> run.operation().forward(run.x(), y, closed))
                    .getMessage();
            assertTrue(message.contains("test/step"), message);
        }
    }

    @Test
    void refusesWrongShapesAndForeignTensors() {
        Case one = plain(Norm.SQ);
        Shape out = one.shape().output(one.in());
        try (Workplace place = place();
                Workplace elsewhere = reference()) {
            AlignmentRun run = new AlignmentRun(place, one.data(), Purpose.TRAINING);
            DynamicAlignment operation = run.operation();
            Tensor y = place.variable(out, one.upper(1));
            Tensor wrong = place.variable(Shape.of(2, 6, 5, 5), new float[300]);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> operation.forward(run.x(), wrong, run.state()))
                    .getMessage();
            assertTrue(message.contains("(2, 6, 5, 5)") && message.contains(out.toString()), message);
            assertThrows(IllegalArgumentException.class, () -> operation.forward(wrong, y, null));
            assertThrows(IllegalArgumentException.class, () -> operation.applyMap(run.state(), run.x(), wrong));
            DynamicAlignment.Weights gradients = run.gradients(0);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> operation.backward(run.state(), run.x(), wrong, null, gradients));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> operation.backward(run.state(), run.x(), y, null, null),
                    "no gradient asked for");
            DynamicAlignment.Weights without = new DynamicAlignment.Weights(gradients.a(), gradients.b(), null);
            assertThrows(
                    IllegalArgumentException.class, () -> operation.backward(run.state(), run.x(), y, null, without));
            Tensor foreign = elsewhere.variable(out, one.upper(1));
            assertThrows(IllegalArgumentException.class, () -> operation.forward(run.x(), foreign, null));
        }
    }
}
