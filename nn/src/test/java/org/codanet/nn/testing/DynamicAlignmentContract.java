package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.Stream;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link DynamicAlignment} promises, on every device. */
public abstract class DynamicAlignmentContract extends OperationContract {
    private static final String CASES = "org.codanet.nn.testing.DynamicAlignmentContract#cases";

    /** Layers whose extents differ in what a device's algorithms depend on, with every norm. */
    static Stream<AlignmentCase> cases() {
        return Arrays.stream(Norm.values()).flatMap(DynamicAlignmentContract::cases);
    }

    private static Stream<AlignmentCase> cases(Norm norm) {
        return Stream.of(
                AlignmentCase.small(norm),
                AlignmentCase.layer(norm)
                        .images(1)
                        .pixels(1, 3)
                        .channels(4)
                        .units(1)
                        .rank(2)
                        .kernel(1)
                        .padding(0)
                        .withoutBias()
                        .because("one unit on single pixels, without bias"),
                AlignmentCase.layer(norm)
                        .images(3)
                        .pixels(7, 6)
                        .channels(5)
                        .units(10)
                        .rank(6)
                        .stride(2)
                        .because("the stride leaves a remainder, and no extent is a multiple of a vector"),
                AlignmentCase.layer(norm)
                        .images(1)
                        .pixels(13, 11)
                        .channels(6)
                        .units(4)
                        .rank(8)
                        .kernel(7)
                        .stride(3)
                        .padding(3)
                        .because("the first layer of the large networks"),
                AlignmentCase.layer(norm)
                        .pixels(5, 3)
                        .units(3)
                        .rank(40)
                        .padding(2)
                        .because("the rank is larger than the patch, the padding larger than (k - 1) / 2"),
                AlignmentCase.layer(norm)
                        .pixels(9, 9)
                        .channels(7)
                        .units(17)
                        .rank(4)
                        .kernel(1)
                        .padding(0)
                        .withoutBias()
                        .because("1x1 patches, one unit more than a vector"),
                AlignmentCase.layer(norm)
                        .pixels(9, 10)
                        .channels(16)
                        .units(33)
                        .rank(32)
                        .because("the ratios of the paper's layers, an odd number of units"),
                AlignmentCase.layer(norm)
                        .images(1)
                        .pixels(4, 30)
                        .channels(4)
                        .units(5)
                        .kernel(2)
                        .stride(2)
                        .padding(0)
                        .because("an even kernel on a wide image"));
    }

    /** A layer on the device under test, and the same layer on the reference device. */
    private final class Pair implements AutoCloseable {
        private final Workplace place = place();
        private final Workplace referencePlace = reference();
        final AlignmentRun tested;
        final AlignmentRun reference;

        Pair(AlignmentRun.Data data, Purpose purpose) {
            tested = new AlignmentRun(place, data, purpose);
            reference = new AlignmentRun(referencePlace, data, purpose);
        }

        @Override
        public void close() {
            try (referencePlace) {
                place.close();
            }
        }
    }

    @Nested
    class AForwardPass {
        @ParameterizedTest
        @MethodSource(CASES)
        void agreesWithTheReferenceForEveryPurpose(AlignmentCase layer) {
            AlignmentRun.Data data = layer.data();
            try (Workplace place = place();
                    Workplace reference = reference()) {
                float[] expected = new AlignmentRun(reference, data, Purpose.INFERENCE).y();
                for (Purpose purpose : Purpose.values()) {
                    assertClose("y for " + purpose, expected, new AlignmentRun(place, data, purpose).y());
                }
            }
        }

        @Test
        void usesTheNewWeightsOncePrepareWasCalledAgain() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            AlignmentRun.Data data = layer.data();
            DynamicAlignmentShape shape = layer.shape();
            float[] doubled = data.b().clone();
            for (int i = 0; i < doubled.length; i++) {
                doubled[i] *= 2;
            }
            AlignmentRun.Data changed =
                    new AlignmentRun.Data(shape, layer.in(), data.x(), data.a(), doubled, data.bias());
            try (Workplace place = place();
                    Workplace reference = reference()) {
                DynamicAlignment operation = place.device().dynamicAlignment(place.scope(), shape);
                Tensor a = place.input(shape.aShape(), data.a());
                Tensor b = place.variable(shape.bShape(), data.b());
                Tensor bias = place.input(shape.biasShape(), data.bias());
                Tensor x = place.input(layer.in(), data.x());
                Tensor y = place.output(shape.output(layer.in()));
                operation.prepare(new DynamicAlignment.Weights(a, b, bias), Purpose.INFERENCE);
                operation.forward(x, y, null);
                place.device().upload(doubled, b);
                operation.prepare(new DynamicAlignment.Weights(a, b, bias), Purpose.INFERENCE);
                operation.forward(x, y, null);
                assertClose("y", new AlignmentRun(reference, changed, Purpose.INFERENCE).y(), place.read(y));
            }
        }

        /**
         * Training stops when an output is not finite. A NaN must therefore not be replaced by the zero that a weight of length zero
         * gives.
         */
        @ParameterizedTest
        @EnumSource(Norm.class)
        void showsANaNInInputOrWeights(Norm norm) {
            AlignmentCase layer = AlignmentCase.layer(norm).images(1).because("one image");
            AlignmentRun.Data x = layer.data();
            x.x()[0] = Float.NaN;
            assertNaNAtTheFirstPosition("x", x);
            // The NaN is in the middle of the kernel, because a device may skip weights that meet only the padding.
            AlignmentRun.Data a = layer.data();
            a.a()[a.a().length / 2] = Float.NaN;
            assertNaNAtTheFirstPosition("A", a);
            AlignmentRun.Data b = layer.data();
            b.b()[b.b().length / 2] = Float.NaN;
            assertNaNAtTheFirstPosition("B", b);
        }

        private void assertNaNAtTheFirstPosition(String where, AlignmentRun.Data data) {
            try (Workplace place = place()) {
                float[] y = new AlignmentRun(place, data, Purpose.TRAINING).y();
                boolean shows = false;
                for (int unit = 0; unit < data.shape().units(); unit++) {
                    shows |= Float.isNaN(y[unit]);
                }
                assertTrue(shows, "y at the first position with a NaN in " + where);
            }
        }
    }

    @Nested
    class ABackProjection {
        @ParameterizedTest
        @MethodSource(CASES)
        void ofSeveralTargetsAgreesWithTheReference(AlignmentCase layer) {
            try (Pair pair = new Pair(layer.data(), Purpose.EXPLANATION)) {
                for (int targets : new int[] {1, 3, 10}) {
                    float[] g = layer.outputGradients(targets);
                    assertClose(
                            targets + " targets",
                            pair.reference.backProject(targets, g),
                            pair.tested.backProject(targets, g));
                }
            }
        }

        @ParameterizedTest
        @MethodSource(CASES)
        void ofOneTargetDoesNotDependOnTheOthers(AlignmentCase layer) {
            int targets = 3;
            int images = layer.in().extent(0);
            float[] all = layer.outputGradients(targets);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                float[] together = run.backProject(targets, all);
                for (int target = 0; target < targets; target++) {
                    float[] single = run.backProject(1, ofTarget(all, images, targets, target));
                    assertClose("target " + target, single, ofTarget(together, images, targets, target));
                }
            }
        }

        /** The values (N, …) of one target in (N, K, …). */
        private static float[] ofTarget(float[] all, int images, int targets, int target) {
            int length = all.length / images / targets;
            float[] one = new float[images * length];
            for (int n = 0; n < images; n++) {
                System.arraycopy(all, (n * targets + target) * length, one, n * length, length);
            }
            return one;
        }

        @ParameterizedTest
        @MethodSource(CASES)
        void ofOneUnitIsAFrozenWeightAsLongAsTheNormSays(AlignmentCase layer) {
            try (Pair pair = new Pair(layer.data(), Purpose.EXPLANATION)) {
                double[] expected = pair.reference.squaredFrozenWeights();
                double[] squares = pair.tested.squaredFrozenWeights();
                for (int i = 0; i < squares.length; i++) {
                    assertEquals(expected[i], squares[i], 2 * tolerance(), "unit " + i);
                    switch (layer.shape().norm()) {
                        case SQ -> assertTrue(squares[i] < 1, "SQ is shorter than 1: " + squares[i]);
                        case L2 -> assertEquals(1, squares[i], 2 * tolerance(), "L2 is 1 long");
                        case WB -> assertTrue(squares[i] <= 1 + 2 * tolerance(), "WB is at most 1 long: " + squares[i]);
                    }
                }
            }
        }
    }

    @Nested
    class TheFrozenLinearMap {
        @ParameterizedTest
        @MethodSource(CASES)
        void isTheAdjointOfBackProjection(AlignmentCase layer) {
            float[] g = layer.outputGradients(1);
            float[] v = layer.otherInput();
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                float[] backProjected = run.backProject(1, g);
                float[] mapped = run.applyMap(v);
                double scale = Math.max(Values.absoluteProduct(backProjected, v), Values.absoluteProduct(g, mapped));
                assertEquals(Values.product(g, mapped), Values.product(backProjected, v), tolerance() * scale);
            }
        }

        @ParameterizedTest
        @MethodSource(CASES)
        void ofTheInputItselfIsTheOutput(AlignmentCase layer) {
            float[] g = layer.outputGradients(1);
            float[] x = layer.data().x();
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                float[] y = run.y();
                assertClose("map of x", y, run.applyMap(x));
                float[] backProjected = run.backProject(1, g);
                double scale = Math.max(Values.absoluteProduct(g, y), Values.absoluteProduct(backProjected, x));
                assertEquals(Values.product(g, y), Values.product(backProjected, x), tolerance() * scale);
            }
        }

        @ParameterizedTest
        @MethodSource(CASES)
        void andItsGradientAgreeWithTheReference(AlignmentCase layer) {
            float[] v = layer.otherInput();
            float[] g = layer.outputGradients(1);
            try (Pair pair = new Pair(layer.data(), Purpose.TRAINING)) {
                assertClose("map of v", pair.reference.applyMap(v), pair.tested.applyMap(v));
                pair.reference
                        .mapBackward(v, g, 0.5f, true)
                        .assertClose(pair.tested.mapBackward(v, g, 0.5f, true), tolerance());
                pair.reference
                        .mapBackward(v, g, 0, false)
                        .assertClose(pair.tested.mapBackward(v, g, 0, false), tolerance());
            }
        }
    }

    @Nested
    class AGradient {
        @ParameterizedTest
        @MethodSource(CASES)
        void agreesWithTheReferenceAndIsAddedToTheWeightsGradients(AlignmentCase layer) {
            float[] g = layer.outputGradients(1);
            try (Pair pair = new Pair(layer.data(), Purpose.TRAINING)) {
                pair.reference.backward(g, 0.5f).assertClose(pair.tested.backward(g, 0.5f), tolerance());
                pair.reference.backward(g, 0, false).assertClose(pair.tested.backward(g, 0, false), tolerance());
            }
        }

        @ParameterizedTest
        @MethodSource(CASES)
        void ofTheInputHasTheSameBitsWithoutThoseOfTheWeights(AlignmentCase layer) {
            float[] g = layer.outputGradients(1);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                assertArrayEquals(run.backward(g, 0).x(), run.inputGradient(g));
            }
        }
    }

    @Nested
    class WhereANormIsZero {
        /** One image is zero everywhere. The other one has a corner of zeros as large as a patch. */
        @ParameterizedTest
        @EnumSource(Norm.class)
        void patchesOfZerosGiveZerosNotNaN(Norm norm) {
            AlignmentCase layer = AlignmentCase.layer(norm)
                    .pixels(8, 8)
                    .units(5)
                    .rank(4)
                    .padding(0)
                    .withoutBias()
                    .because("patches of zeros");
            AlignmentRun.Data data = layer.data();
            int image = data.x().length / 2;
            Arrays.fill(data.x(), 0, image, 0);
            for (int row = 0; row < 3; row++) {
                Arrays.fill(data.x(), image + row * 24, image + row * 24 + 9, 0);
            }
            float[] v = layer.otherInput();
            float[] g = layer.outputGradients(1);
            try (Pair pair = new Pair(data, Purpose.TRAINING)) {
                float[] y = pair.tested.y();
                int half = y.length / 2;
                assertArrayEquals(new float[half], Arrays.copyOf(y, half), "y of an image of zeros");
                assertArrayEquals(new float[5], Arrays.copyOfRange(y, half, half + 5), "y of a patch of zeros");
                AlignmentRun.Gradients gradients = pair.tested.backward(g, 0);
                assertArrayEquals(
                        new float[image], Arrays.copyOf(gradients.x(), image), "gradient of an image of zeros");
                pair.reference.backward(g, 0).assertClose(gradients, tolerance());
                float[] two = layer.outputGradients(2);
                assertClose("back-projection", pair.reference.backProject(2, two), pair.tested.backProject(2, two));
                pair.reference
                        .mapBackward(v, g, 0, true)
                        .assertClose(pair.tested.mapBackward(v, g, 0, true), tolerance());
            }
        }

        @ParameterizedTest
        @EnumSource(Norm.class)
        void weightsOfZerosGiveZerosNotNaN(Norm norm) {
            AlignmentCase layer = AlignmentCase.small(norm);
            float[] g = layer.outputGradients(1);
            AlignmentRun.Data data = layer.data();
            Arrays.fill(data.b(), 0);
            if (data.bias() != null) {
                Arrays.fill(data.bias(), 0);
            }
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
                assertZero("y", run.y());
                assertZero("back-projection", run.backProject(1, g));
                assertZero("gradient", run.backward(g, 0));
                assertZero("gradient of the map", run.mapBackward(data.x(), g, 0, true));
            }
        }

        private static void assertZero(String what, AlignmentRun.Gradients gradients) {
            assertZero(what + " of x", gradients.x());
            assertZero(what + " of A", gradients.a());
            assertZero(what + " of B", gradients.b());
            if (gradients.bias() != null) {
                assertZero(what + " of b", gradients.bias());
            }
        }

        private static void assertZero(String what, float[] values) {
            for (float value : values) {
                assertEquals(0.0, value, what);
            }
        }
    }

    @Nested
    class TheBits {
        @ParameterizedTest
        @EnumSource(Norm.class)
        void areTheSameForTheSameInput(Norm norm) {
            AlignmentCase layer = AlignmentCase.layer(norm)
                    .pixels(9, 10)
                    .channels(16)
                    .units(33)
                    .rank(32)
                    .because("large enough for several tasks");
            float[] g = layer.outputGradients(1);
            try (Workplace place = place()) {
                AlignmentRun first = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                AlignmentRun second = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                assertArrayEquals(first.y(), second.y());
                float[] three = layer.outputGradients(3);
                assertArrayEquals(first.backProject(3, three), second.backProject(3, three));
                AlignmentRun.Gradients expected = first.backward(g, 0);
                AlignmentRun.Gradients actual = second.backward(g, 0);
                assertArrayEquals(expected.x(), actual.x());
                assertArrayEquals(expected.a(), actual.a());
                assertArrayEquals(expected.b(), actual.b());
                assertArrayEquals(expected.b(), first.backward(g, 0).b(), "a second gradient from one state");
            }
        }

        @ParameterizedTest
        @EnumSource(Norm.class)
        void ofAnImageAreCloseInAnyBatch(Norm norm) {
            AlignmentCase.Builder layer =
                    AlignmentCase.layer(norm).pixels(7, 6).channels(5).units(10).rank(6);
            AlignmentCase three = layer.images(3).because("three images");
            AlignmentCase one = layer.images(1).because("the last of them");
            AlignmentRun.Data data = three.data();
            int perImage = data.x().length / 3;
            float[] last = Arrays.copyOfRange(data.x(), 2 * perImage, 3 * perImage);
            AlignmentRun.Data alone =
                    new AlignmentRun.Data(one.shape(), one.in(), last, data.a(), data.b(), data.bias());
            try (Workplace place = place()) {
                float[] together = new AlignmentRun(place, data, Purpose.INFERENCE).y();
                float[] expected = new AlignmentRun(place, alone, Purpose.INFERENCE).y();
                assertClose(
                        "last of three", expected, Arrays.copyOfRange(together, 2 * expected.length, together.length));
            }
        }
    }

    @Nested
    class AForwardState {
        @Test
        void hasTheSizeThatWasAnnouncedAndIsFreedWithItsScope() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                DynamicAlignment operation = new AlignmentRun(place, layer.data(), Purpose.TRAINING).operation();
                long before = place.device().memory().live();
                try (Scope step = place.scope().child("step")) {
                    DynamicAlignment.State state = operation.state(step, layer.in(), Purpose.TRAINING);
                    assertEquals(operation.stateBytes(layer.in(), Purpose.TRAINING), state.bytes());
                    assertTrue(place.device().memory().live() >= before + state.bytes(), "the state is counted");
                }
                assertEquals(before, place.device().memory().live());
            }
        }

        @Test
        void isRefusedAfterItsScopeWasClosed() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                Tensor y = place.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                Scope step = place.scope().child("step");
                DynamicAlignment.State closed = run.operation().state(step, layer.in(), Purpose.EXPLANATION);
                step.close();
                String message = assertThrows(
                                IllegalStateException.class,
                                () -> run.operation().forward(run.x(), y, closed))
                        .getMessage();
                assertTrue(message.contains("test/step"), message);
            }
        }

        @Test
        void isRefusedForAPurposeItWasNotCreatedFor() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                AlignmentRun explanation = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                assertThrows(IllegalStateException.class, () -> explanation.backward(layer.outputGradients(1), 0));
            }
        }

        @Test
        void isRefusedByAnotherOperation() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.EXPLANATION);
                AlignmentRun other = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                Tensor y = place.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                assertThrows(
                        IllegalArgumentException.class, () -> other.operation().applyMap(run.state(), run.x(), y));
            }
        }
    }

    @Nested
    class ACall {
        @Test
        void beforePrepareIsRefused() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                DynamicAlignment unprepared = place.device().dynamicAlignment(place.scope(), layer.shape());
                Tensor x = place.input(layer.in(), layer.data().x());
                Tensor y = place.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                assertThrows(IllegalStateException.class, () -> unprepared.forward(x, y, null));
            }
        }

        @Test
        void withATensorOfAnotherShapeIsRefused() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            Shape out = layer.shape().output(layer.in());
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                DynamicAlignment operation = run.operation();
                Tensor wrong = place.variable(Shape.of(2, 6, 5, 5), new float[300]);
                String message = assertThrows(
                                IllegalArgumentException.class, () -> operation.forward(run.x(), wrong, run.state()))
                        .getMessage();
                assertTrue(message.contains("(2, 6, 5, 5)") && message.contains(out.toString()), message);
                Tensor y = place.variable(out, layer.outputGradients(1));
                assertThrows(IllegalArgumentException.class, () -> operation.forward(wrong, y, null));
                assertThrows(IllegalArgumentException.class, () -> operation.applyMap(run.state(), run.x(), wrong));
                DynamicAlignment.Weights gradients = run.gradients(0);
                assertThrows(
                        IllegalArgumentException.class,
                        () -> operation.backward(run.state(), run.x(), wrong, null, gradients));
            }
        }

        @Test
        void withATensorOfAnotherDeviceIsRefused() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place();
                    Workplace elsewhere = reference()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                Tensor foreign = elsewhere.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                assertThrows(
                        IllegalArgumentException.class, () -> run.operation().forward(run.x(), foreign, null));
            }
        }

        @Test
        void thatAsksForNoGradientIsRefused() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                Tensor g = place.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                assertThrows(
                        IllegalArgumentException.class,
                        () -> run.operation().backward(run.state(), run.x(), g, null, null));
            }
        }

        @Test
        void withoutTheGradientOfABiasThatTheLayerHasIsRefused() {
            AlignmentCase layer = AlignmentCase.small(Norm.SQ);
            try (Workplace place = place()) {
                AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
                Tensor g = place.variable(layer.shape().output(layer.in()), layer.outputGradients(1));
                DynamicAlignment.Weights all = run.gradients(0);
                DynamicAlignment.Weights without = new DynamicAlignment.Weights(all.a(), all.b(), null);
                assertThrows(
                        IllegalArgumentException.class,
                        () -> run.operation().backward(run.state(), run.x(), g, null, without));
            }
        }
    }
}
