package org.codanet.explain;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.ExplanationPass;
import org.codanet.run.MemoryPlan;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ExplainerTest {
    private static final int CLASSES = 3;

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    /** What a test does with a network of fixed weights. */
    private interface Use {
        void with(CodaNet net) throws Exception;
    }

    private static void withNet(String name, LossKind loss, Use use) throws Exception {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("test")) {
            try (CodaNet net = CodaNet.create(Toys.network(), loss, device, run, 3)) {
                use.with(net);
                assertTrue(device.memory().tensors() > 0);
            }
            assertEquals(0, device.memory().tensors(), "tensors after close");
            assertEquals(0, run.live());
        }
    }

    private static void withNet(String name, Use use) throws Exception {
        withNet(name, LossKind.BCE, use);
    }

    private static float[] maps(Explanation explanation) {
        float[] maps = new float[explanation.contributions().remaining()];
        explanation.contributions().get(maps);
        return maps;
    }

    private static float[] logits(Explanation explanation) {
        float[] logits = new float[explanation.logits().remaining()];
        explanation.logits().get(logits);
        return logits;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void everyTargetNamesItsClassesAndItsMapsAddUp(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(4, 1);
            Explanation all = explainer.explain(images, Target.all(), Detail.CHANNELS);
            assertTrue(all.identityHolds());
            assertEquals(CLASSES, all.targets());
            for (int n = 0; n < 4; n++) {
                assertEquals(List.of(0, 1, 2), all.classes(n));
                int best = all.predicted(n);
                assertEquals(
                        List.of(best),
                        explainer.explain(images, Target.predicted()).classes(n));
                List<Integer> top = explainer.explain(images, Target.topK(2)).classes(n);
                assertEquals(2, top.size());
                assertEquals(best, top.getFirst());
                assertTrue(all.logit(n, top.get(0)) >= all.logit(n, top.get(1)));
            }
            assertEquals(CLASSES, explainer.explain(images, Target.topK(99)).targets());
            List<List<Integer>> each = List.of(List.of(2), List.of(0), List.of(1), List.of(2));
            Explanation perImage = explainer.explain(images, new Target.ClassesPerImage(each));
            assertTrue(perImage.identityHolds());
            for (int n = 0; n < 4; n++) {
                assertEquals(each.get(n), perImage.classes(n));
                assertEquals(all.logit(n, each.get(n).getFirst()), perImage.value(n, 0));
                // For one class alone the device may run another algorithm, which rounds differently.
                float[] among = all.contributions(n, each.get(n).getFirst());
                assertNear("contributions", among, perImage.contributions(n, 0), 1e-5);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void twoClassesAreComparedByTheDifferenceOfTheirMaps(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(3, 2);
            Explanation all = explainer.explain(images, Target.all(), Detail.CHANNELS);
            Explanation against = explainer.explain(images, Target.against(2, 0), Detail.CHANNELS);
            assertEquals(0, against.against().orElseThrow());
            assertEquals(0, against.bias());
            assertTrue(against.identityHolds());
            for (int n = 0; n < 3; n++) {
                assertEquals(List.of(2), against.classes(n));
                assertEquals(all.logit(n, 2) - all.logit(n, 0), against.value(n, 0));
                assertArrayEquals(
                        difference(all.contributions(n, 2), all.contributions(n, 0)), against.contributions(n, 0));
                assertArrayEquals(
                        difference(all.contributions(n, 2, 4), all.contributions(n, 0, 4)),
                        against.contributions(n, 0, 4));
            }
        });
    }

    private static float[] difference(float[] a, float[] b) {
        float[] d = new float[a.length];
        for (int i = 0; i < d.length; i++) {
            d[i] = a[i] - b[i];
        }
        return d;
    }

    /** The bits are the same for an image alone, at any position of a batch, and with a memory budget that splits the batch. */
    @ParameterizedTest
    @MethodSource("devices")
    void theExplanationOfAnImageDoesNotDependOnHowTheBatchIsSplit(String name) throws Exception {
        withNet(name, net -> {
            ImageBatch images = Toys.batch(19, 3);
            Explanation whole = new Explainer(net).explain(images, Target.all(), Detail.CHANNELS);
            ExplanationPass oneImage =
                    new ExplanationPass(images.part(0, 1).form(), 0, true, new ExplanationPass.NamedClasses(3), 3);
            long budget = MemoryPlan.of(net, oneImage).totalBytes();
            Explanation split = new Explainer(net, budget).explain(images, Target.all(), Detail.CHANNELS);
            assertArrayEquals(logits(whole), logits(split));
            assertArrayEquals(maps(whole), maps(split));
            for (int n : new int[] {0, 7, 18}) {
                ImageBatch alone = ImageBatch.of(images.values(n, 1), 1, 3, Toys.SIZE, Toys.SIZE);
                Explanation one = new Explainer(net).explain(alone, Target.all());
                for (int k = 0; k < CLASSES; k++) {
                    assertEquals(whole.logit(n, k), one.logit(0, k));
                    assertArrayEquals(whole.contributions(n, k), one.contributions(0, k));
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void manyThreadsGetTheSameBits(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(2, 4);
            float[] expected = maps(explainer.explain(images, Target.all()));
            List<Callable<float[]>> calls = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                // Calls with other images in between reveal state that one call leaves for the next.
                ImageBatch other = Toys.batch(1 + i % 3, 100 + i);
                calls.add(() -> {
                    explainer.explain(other, Target.predicted());
                    return maps(explainer.explain(images, Target.all()));
                });
            }
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                for (Future<float[]> future : threads.invokeAll(calls)) {
                    assertArrayEquals(expected, future.get());
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aUnitsContributionsAddUpToItsActivation(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(3, 5);
            for (int layer = 0; layer < 3; layer++) {
                Unit unit = new Unit(layer, 2, 3, 1);
                for (int from = 0; from <= layer; from++) {
                    Explanation explanation =
                            explainer.explain(images, Target.activation(unit), new Detail(from, true));
                    assertTrue(explanation.identityHolds(), unit + " from layer " + from);
                    assertTrue(explanation.value(0, 0) != 0);
                }
            }
            // A 3x3 patch of layer 0 reaches one pixel to each side.
            Explanation near = explainer.explain(images, Target.activation(new Unit(0, 1, 3, 3)));
            float[] map = near.contributions(1, 0);
            for (int y = 0; y < Toys.SIZE; y++) {
                for (int x = 0; x < Toys.SIZE; x++) {
                    if (Math.abs(y - 3) > 1 || Math.abs(x - 3) > 1) {
                        assertEquals(0, map[y * Toys.SIZE + x]);
                    }
                }
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> explainer.explain(images, Target.activation(new Unit(1, 0, 4, 0))));
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void contributionsOfInnerActivationsAddUpToTheLogitToo(String name) throws Exception {
        withNet(name, net -> {
            Explanation inner = new Explainer(net).explain(Toys.batch(2, 6), Target.all(), new Detail(2, true));
            assertTrue(inner.identityHolds());
            assertEquals(4, inner.height());
            assertEquals(4, inner.channels());
        });
    }

    @Test
    void sharesOfRegionsAndChannelsAddUp() throws Exception {
        withNet(TestDevices.REFERENCE, net -> {
            Explanation e = new Explainer(net).explain(Toys.batch(1, 7), Target.classes(1), Detail.CHANNELS);
            Region left = new Region(0, 0, Toys.SIZE, 3);
            Region right = new Region(0, 3, Toys.SIZE, Toys.SIZE);
            assertEquals(1, e.share(0, 0, left) + e.share(0, 0, right), 1e-12);
            assertEquals(e.evidence(0, 0), e.sum(0, 0, left) + e.sum(0, 0, right), 1e-9);
            double channels = IntStream.range(0, 6)
                    .mapToDouble(c -> e.channelShare(0, 0, c))
                    .sum();
            assertEquals(1, channels, 1e-12);
            double sums = IntStream.range(0, 6)
                    .mapToDouble(c -> e.channelSum(0, 0, c))
                    .sum();
            assertEquals(e.evidence(0, 0), sums, 1e-6);
            assertThrows(IllegalArgumentException.class, () -> e.share(0, 0, new Region(0, 0, 8, 1)));
        });
    }

    @Test
    void probabilitiesFollowTheLoss() throws Exception {
        withNet(TestDevices.REFERENCE, LossKind.CE, net -> {
            Explanation e = new Explainer(net).explain(Toys.batch(1, 8), Target.predicted());
            assertEquals(1, e.probability(0, 0) + e.probability(0, 1) + e.probability(0, 2), 1e-6);
        });
        withNet(TestDevices.REFERENCE, LossKind.BCE, net -> {
            Explanation e = new Explainer(net).explain(Toys.batch(1, 8), Target.predicted());
            assertEquals(1 / (1 + Math.exp(-e.logit(0, 1))), e.probability(0, 1), 1e-6);
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aWarmUpChangesNoResultAndLaterCallsKeepNoMoreMemory(String name) throws Exception {
        withNet(name, net -> {
            float[] expected = maps(new Explainer(net).explain(Toys.batch(2, 4), Target.all()));
            net.weightsChanged();
            Explainer explainer = new Explainer(net);
            explainer.warmUp(Toys.batch(2, 77), Target.all());
            var warm = net.device().memory();
            assertArrayEquals(expected, maps(explainer.explain(Toys.batch(2, 4), Target.all())));
            var after = net.device().memory();
            assertEquals(warm.tensors(), after.tensors());
            assertTrue(after.live() - warm.live() < 65536, warm + " then " + after);
        });
    }

    /** A thousand explanations; {@code -Dcodanet.soak=10000} runs more. */
    @ParameterizedTest
    @MethodSource("devices")
    void manyExplanationsLeaveNoMemoryBehind(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(1, 9);
            Device device = net.device();
            explain(explainer, images, 100);
            var before = device.memory();
            explain(explainer, images, Integer.getInteger("codanet.soak", 1000));
            var after = device.memory();
            assertEquals(before.tensors(), after.tensors());
            // A worker's scratch memory grows once, when it gets its first task of a kind. The bound detects a leak of
            // 66 bytes a call.
            assertTrue(after.live() - before.live() < 65536, before + " then " + after);
            assertTrue(after.reserved() - before.reserved() < 65536, before + " then " + after);
            assertTrue(after.peak() - before.peak() < 65536, before + " then " + after);
        });
    }

    private static void explain(Explainer explainer, ImageBatch images, int times) {
        for (int i = 0; i < times; i++) {
            explainer.explain(images, i % 2 == 0 ? Target.all() : Target.predicted(), Detail.CHANNELS);
        }
    }

    @Test
    void impossibleRequestsAreRefusedInOneSentence() throws Exception {
        withNet(TestDevices.REFERENCE, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(2, 10);
            refused("there is no class 3; the network has 0 to 2", () -> explainer.explain(images, Target.classes(3)));
            refused(
                    "classes are given for 1 images, there are 2",
                    () -> explainer.explain(images, new Target.ClassesPerImage(List.of(List.of(0)))));
            refused("there is no layer 3", () -> explainer.explain(images, Target.all(), new Detail(3, false)));
            Target unit = Target.activation(new Unit(0, 1, 2, 3));
            refused(
                    "a unit of layer 0 does not depend on the input of layer 1",
                    () -> explainer.explain(images, unit, new Detail(1, false)));
            Target absent = Target.activation(new Unit(3, 0, 0, 0));
            refused("there is no layer 3", () -> explainer.explain(images, absent));
            refused(
                    "expected (N, 3, H, W)",
                    () -> explainer.explain(new float[49], Shape.of(1, 1, 7, 7), Target.predicted()));
            refused("do not hold one image", () -> new Explainer(net, 1000).explain(images, Target.predicted()));
            Explanation done = explainer.explain(images, Target.predicted());
            assertFalse(done.hasChannels());
            assertThrows(IllegalStateException.class, done::channelContributions);
        });
    }

    @Test
    void anIndexOutsideTheExplanationIsRefused() throws Exception {
        withNet(TestDevices.REFERENCE, net -> {
            Explanation done = new Explainer(net).explain(Toys.batch(2, 10), Target.predicted(), Detail.CHANNELS);
            for (int n : new int[] {-1, 2}) {
                outOfBounds("image " + n, () -> done.logit(n, 0));
                outOfBounds("image " + n, () -> done.probability(n, 0));
                outOfBounds("image " + n, () -> done.predicted(n));
                outOfBounds("image " + n, () -> done.classes(n));
                outOfBounds("image " + n, () -> done.value(n, 0));
                outOfBounds("image " + n, () -> done.contributions(n, 0));
            }
            for (int k : new int[] {-1, 3}) {
                outOfBounds("class " + k + " was asked for; the network has 0 to 2", () -> done.logit(0, k));
                outOfBounds("class " + k + " was asked for; the network has 0 to 2", () -> done.probability(0, k));
            }
            outOfBounds("map 1 of image 0", () -> done.value(0, 1));
            outOfBounds("map 1 of image 0", () -> done.identityError(0, 1));
            for (int c : new int[] {-1, done.channels()}) {
                outOfBounds("channel " + c, () -> done.contributions(0, 0, c));
                outOfBounds("channel " + c, () -> done.channelSum(0, 0, c));
            }
            refused(
                    "given is (2, 7)",
                    () -> new Explainer(net).explain(new float[14], Shape.of(2, 7), Target.predicted()));
            refused("7 logits", () -> Probabilities.of(LossKind.BCE, new float[7], 3));
            refused("0 classes", () -> Probabilities.of(LossKind.BCE, new float[7], 0));
        });
    }

    private static void outOfBounds(String words, Executable call) {
        String message = assertThrows(IndexOutOfBoundsException.class, call).getMessage();
        assertTrue(message.contains(words), message);
    }

    private static void refused(String words, Executable call) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, call);
        assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count());
    }

    /** Images whose class is named and images whose class is predicted share a pass, and each has the bits that it has alone. */
    @ParameterizedTest
    @MethodSource("devices")
    void oneClassOfEachImageIsNamedOrPredicted(String name) throws Exception {
        withNet(name, net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch images = Toys.batch(4, 1);
            Target mixed = new Target.OneOfEach(
                    List.of(OptionalInt.empty(), OptionalInt.of(2), OptionalInt.of(0), OptionalInt.empty()));
            Explanation together = explainer.explain(images, mixed, Detail.CHANNELS);
            Explanation predicted = explainer.explain(images, Target.predicted(), Detail.CHANNELS);
            for (int n = 0; n < 4; n++) {
                Explanation expected = switch (n) {
                    case 1 -> explainer.explain(images, Target.classes(2), Detail.CHANNELS);
                    case 2 -> explainer.explain(images, Target.classes(0), Detail.CHANNELS);
                    default -> predicted;
                };
                Explanation one = together.image(n);
                assertEquals(1, one.images());
                assertEquals(expected.classes(n), one.classes(0));
                assertArrayEquals(expected.contributions(n, 0), one.contributions(0, 0));
                assertArrayEquals(expected.contributions(n, 0, 4), one.contributions(0, 0, 4));
                assertEquals(expected.logit(n, 1), one.logit(0, 1));
                assertEquals(expected.probability(n, 2), one.probability(0, 2));
                assertTrue(one.identityHolds());
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> explainer.explain(images, new Target.OneOfEach(List.of(OptionalInt.empty()))));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> explainer.explain(Toys.batch(1, 1), new Target.OneOfEach(List.of(OptionalInt.of(CLASSES)))));
        });
    }
}
