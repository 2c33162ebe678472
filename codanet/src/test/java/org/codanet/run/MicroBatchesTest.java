package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class MicroBatchesTest {
    private static OutOfMemoryException shortage() {
        return new OutOfMemoryException("short", 1, 0, 1);
    }

    /** Work that fails with more than some number of images, or of images times targets. */
    @Nested
    final class IfMemoryIsShort {
        private final List<String> reports = new ArrayList<>();
        private final List<String> calls = new ArrayList<>();

        private void run(int images, int atOnce, int targets, int capacity, int times) {
            try (Device device = TestDevices.open(TestDevices.REFERENCE)) {
                device.listenToSelections(reports::add);
                MicroBatches batches = new MicroBatches(device, "work");
                for (int time = 0; time < times; time++) {
                    batches.run(images, atOnce, targets, (first, count, targetsAtOnce) -> {
                        if (count * targetsAtOnce > capacity) {
                            throw shortage();
                        }
                        calls.add(first + "+" + count + " x" + targetsAtOnce);
                    });
                }
            }
        }

        @Test
        void aMicroBatchIsHalvedUntilItFitsAndLaterOnesStaySmall() {
            run(10, 8, 1, 3, 1);
            assertEquals(List.of("0+2 x1", "2+2 x1", "4+2 x1", "6+2 x1", "8+2 x1"), calls);
            assertEquals(
                    List.of("work: 4 images at a time; for 8: short", "work: 2 images at a time; for 4: short"),
                    reports);
        }

        @Test
        void laterCallsBeginWithTheSmallMicroBatch() {
            run(5, 8, 1, 3, 2);
            assertEquals(List.of("0+3 x1", "3+2 x1", "0+3 x1", "3+2 x1"), calls);
            assertEquals(List.of("work: 3 images at a time; for 5: short"), reports);
        }

        @Test
        void theTargetsOfASingleImageAreHalved() {
            run(2, 2, 5, 2, 1);
            assertEquals(List.of("0+1 x2", "1+1 x2"), calls);
            assertEquals(
                    List.of(
                            "work: 1 images at a time; for 2: short",
                            "work: 3 classes at a time; for 5: short",
                            "work: 2 classes at a time; for 3: short"),
                    reports);
        }

        @Test
        void oneTargetOfOneImageThatDoesNotFitFails() {
            assertThrows(OutOfMemoryException.class, () -> run(2, 2, 5, 0, 1));
            assertEquals(List.of(), calls);
        }

        @Test
        void anotherFailureIsNotTriedAgain() {
            try (Device device = TestDevices.open(TestDevices.REFERENCE)) {
                MicroBatches batches = new MicroBatches(device, "work");
                assertThrows(
                        IllegalStateException.class,
                        () -> batches.run(4, 4, (first, count) -> {
                            calls.add("called");
                            throw new IllegalStateException("broken");
                        }));
            }
            assertEquals(List.of("called"), calls);
        }
    }

    /** Devices whose memory budget holds about two of eight images. */
    @Nested
    final class OnADeviceWithLittleMemory {
        static Stream<String> devices() {
            return TestDevices.names().stream();
        }

        @ParameterizedTest
        @MethodSource("devices")
        void explanationsAreTheSameAsWithMuchMemory(String name) {
            assertSplitsIntoTheSameBits(name, "explanation", (net, images) -> {
                List<float[]> results = new ArrayList<>();
                Explainer explainer = new Explainer(net);
                for (int round = 0; round < 3; round++) {
                    Explanation explanation = explainer.explain(images, Target.predicted());
                    float[] maps = new float[explanation.contributions().remaining()];
                    explanation.contributions().get(maps);
                    results.add(maps);
                    float[] logits = new float[explanation.logits().remaining()];
                    explanation.logits().get(logits);
                    results.add(logits);
                    assertTrue(explanation.identityHolds());
                }
                return results;
            });
        }

        @ParameterizedTest
        @MethodSource("devices")
        void logitsAreTheSameAsWithMuchMemory(String name) {
            assertSplitsIntoTheSameBits(name, "evaluation", (net, images) -> {
                List<float[]> results = new ArrayList<>();
                Evaluator evaluator = new Evaluator(net, 0);
                for (int round = 0; round < 3; round++) {
                    results.add(evaluator.logits(images.part(0, images.count())));
                }
                return results;
            });
        }

        private static void assertSplitsIntoTheSameBits(
                String name, String work, BiFunction<CodaNet, ImageBatch, List<float[]>> use) {
            long memory = peak(name, 2, use);
            List<float[]> expected;
            try (Device device = TestDevices.open(name);
                    Scope run = Scope.open("much");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                expected = use.apply(net, large(8));
                assertTrue(device.memory().peak() > memory);
            }
            List<String> reports = new ArrayList<>();
            DeviceOptions little =
                    DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(memory);
            try (Device device = Devices.open(name, little);
                    Scope run = Scope.open("little");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                device.listenToSelections(reports::add);
                List<float[]> actual = use.apply(net, large(8));
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
                }
                assertTrue(device.memory().peak() <= memory);
            }
            assertTrue(
                    reports.stream()
                            .anyMatch(line -> line.startsWith(work + ": 4 images at a time; for 8: out of memory")),
                    reports.toString());
        }

        private static long peak(String name, int count, BiFunction<CodaNet, ImageBatch, List<float[]>> use) {
            try (Device device = TestDevices.open(name);
                    Scope run = Scope.open("two images");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                use.apply(net, large(count));
                return device.memory().peak();
            }
        }

        /** Images so large that the workspace of a worker is small in comparison, because the number of workers that take part varies. */
        private static ImageBatch large(int count) {
            int side = 4 * Toys.SIZE;
            double[] values =
                    new SplittableRandom(1).doubles(count * 3L * side * side).toArray();
            float[] pixels = new float[values.length];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) values[i];
            }
            return ImageBatch.of(pixels, count, 3, side, side);
        }
    }
}
