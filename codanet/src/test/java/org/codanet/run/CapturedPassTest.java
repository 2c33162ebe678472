package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.data.dataset.MemoryImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.codanet.train.DatasetSource;
import org.codanet.train.TrainingStep;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays of recorded steps against the calls that they are made of, bit for bit, wherever a device records. */
final class KeptStepsTest {
    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    /** The same device, which from here on is asked to record nothing. */
    private static Device withoutRecording(Device device) {
        return (Device) Proxy.newProxyInstance(
                Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("supportsCapture")) {
                        return false;
                    }
                    try {
                        return method.invoke(device, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private interface Use {
        List<float[]> of(CodaNet net);
    }

    /** Runs the same by calls and with recordings, on devices of their own. */
    private static void assertSameBits(String name, int kept, Use use) {
        List<float[]> expected;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("calls");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, withoutRecording(device), run, 3)) {
            expected = use.of(net);
            assertEquals(0, net.steps().size());
        }
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("recordings")) {
            try (CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                List<float[]> actual = use.of(net);
                assertEquals(expected.size(), actual.size());
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
                }
                assertEquals(device.supportsCapture() ? kept : 0, net.steps().size());
            }
            assertEquals(0, device.memory().tensors(), "tensors after close");
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void explanationsAndLogitsAreTheSame(String name) {
        assertSameBits(name, 5, net -> {
            Explainer explainer = new Explainer(net);
            List<float[]> results = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                ImageBatch images = Toys.batch(3, round);
                Target each = new Target.ClassesPerImage(List.of(List.of(round % 3), List.of(2), List.of(1)));
                add(results, explainer.explain(images, Target.predicted()));
                add(results, explainer.explain(images, each));
                add(results, explainer.explain(images, Target.all(), Detail.CHANNELS));
                add(results, explainer.explain(images, Target.topK(2), new Detail(1, true)));
                results.add(new Evaluator(net, 0).logits(images.values(0, 3), images.shape()));
            }
            return results;
        });
    }

    private static void add(List<float[]> results, Explanation explanation) {
        float[] logits = new float[explanation.logits().remaining()];
        explanation.logits().get(logits);
        float[] maps = new float[explanation.contributions().remaining()];
        explanation.contributions().get(maps);
        results.add(logits);
        results.add(maps);
        results.add(explained(explanation));
        assertTrue(explanation.identityHolds());
    }

    private static float[] explained(Explanation explanation) {
        List<Integer> classes = IntStream.range(0, explanation.images())
                .boxed()
                .flatMap(n -> explanation.classes(n).stream())
                .toList();
        float[] values = new float[classes.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = classes.get(i);
        }
        return values;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void trainingIsTheSameWithEvaluationsBetween(String name) {
        for (double lambda : new double[] {0, 0.1}) {
            assertSameBits(name, 1, net -> train(net, lambda));
        }
    }

    /** Three epochs of batches of 4, 4 and 3 images, an update every second batch. */
    private static List<float[]> train(CodaNet net, double lambda) {
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 3, 4, new LearningRate.Constant(2e-3)).toBuilder()
                .batches(4, 8)
                .lambda(lambda)
                .build();
        List<float[]> results = new ArrayList<>();
        BatchSource images = Toys.images(11, 4, 1);
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, 0)) {
            for (int epoch = 1; epoch <= 3; epoch++) {
                int batch = 0;
                try (BatchSource.Batches batches = images.batches(epoch, 0)) {
                    while (batches.hasNext()) {
                        BatchSource.Batch some = batches.next();
                        TrainingStep.Outcome outcome = step.accumulate(some.images(), some.labels(), 17 + batch);
                        results.add(new float[] {(float) outcome.loss(), outcome.correct()});
                        if (batch++ % 2 == 1) {
                            results.add(new float[] {(float) step.update(2e-3)});
                        }
                    }
                }
                results.add(new float[] {(float) step.update(1e-3)});
                ImageBatch test = Toys.batch(3, epoch);
                results.add(new Evaluator(net, 0).logits(test.values(0, 3), test.shape()));
            }
        }
        for (Parameter parameter : net.parameters()) {
            results.add(TestDevices.values(net.device(), parameter.value()));
        }
        return results;
    }

    /** Bytes are divided, cut out and mirrored on the device: to the same bits as on the host. */
    @ParameterizedTest
    @MethodSource("devices")
    void bytesGiveTheBitsOfFloats(String name) {
        for (int operations = 0; operations <= 3; operations += 3) {
            TrainingRecipe recipe = varied(operations);
            List<float[]> expected = learnt(name, recipe, true);
            List<float[]> actual = learnt(name, recipe, false);
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void trainingWithRandAugmentIsTheSame(String name) {
        assertSameBits(name, 1, net -> learn(net, varied(2), false));
    }

    /** What the network sees: every device has the reference's bits. */
    @ParameterizedTest
    @MethodSource("devices")
    void randAugmentHasTheReferencesBits(String name) {
        List<float[]> expected = inputs(TestDevices.REFERENCE);
        List<float[]> actual = inputs(name);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "batch " + i);
        }
    }

    private static List<float[]> inputs(String name) {
        List<float[]> inputs = new ArrayList<>();
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("inputs");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            try (BatchSource.Batches batches = bytes(varied(3)).batches(1, 0)) {
                while (batches.hasNext()) {
                    RawImages images = batches.next().images();
                    try (Scope own = run.child("batch")) {
                        NetInput input = new NetInput(net, images.form(), own);
                        input.upload(images);
                        inputs.add(TestDevices.values(device, input.write(own)));
                    }
                }
            }
        }
        return inputs;
    }

    private static TrainingRecipe varied(int operations) {
        return TrainingRecipe.of(LossKind.BCE, 3, 4, new LearningRate.Constant(2e-3)).toBuilder()
                .augmentation(new AugmentationRecipe(true, 0, Toys.SIZE, 2, operations, 20))
                .build();
    }

    private static BatchSource bytes(TrainingRecipe recipe) {
        byte[] pixels = new byte[15 * 3 * 9 * 9];
        new Random(5).nextBytes(pixels);
        int[] labels = IntStream.range(0, 15).map(i -> i % 3).toArray();
        MemoryImages data = MemoryImages.of("bytes", List.of("red", "green", "blue"), 3, 9, 9, pixels, labels);
        return DatasetSource.training(data, new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0), recipe, 3, 1);
    }

    private static List<float[]> learnt(String name, TrainingRecipe recipe, boolean onTheHost) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("bytes");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            return learn(net, recipe, onTheHost);
        }
    }

    /** Three epochs of batches of 4, 4, 4 and 3 images in bytes, or in floats made of these on the host. */
    private static List<float[]> learn(CodaNet net, TrainingRecipe recipe, boolean onTheHost) {
        BatchSource source = bytes(recipe);
        List<float[]> results = new ArrayList<>();
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, 0)) {
            for (int epoch = 1; epoch <= 3; epoch++) {
                try (BatchSource.Batches batches = source.batches(epoch, 0)) {
                    while (batches.hasNext()) {
                        BatchSource.Batch some = batches.next();
                        assertTrue(some.images() instanceof RawImages.Bytes);
                        RawImages images = onTheHost
                                ? new RawImages.Floats(
                                        some.images().values(),
                                        some.images().steps(),
                                        some.images().shape())
                                : some.images();
                        results.add(new float[] {
                            (float) step.accumulate(images, some.labels(), 1).loss()
                        });
                        step.update(2e-3);
                        if (!batches.hasNext()) {
                            results.add(new Evaluator(net, 0).logits(images));
                        }
                    }
                }
            }
            for (Parameter parameter : net.parameters()) {
                results.add(TestDevices.values(net.device(), parameter.value()));
            }
        }
        return results;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void replaysFollowTheWeights(String name) {
        assertSameBits(name, 1, net -> {
            Explainer explainer = new Explainer(net);
            List<float[]> results = new ArrayList<>();
            for (int seed = 0; seed < 4; seed++) {
                net.setWeights(DefaultWeights.of(net.config(), seed));
                add(results, explainer.explain(Toys.batch(1, 1), Target.predicted()));
            }
            return results;
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void ofManyShapesTheOldestIsGivenUp(String name) {
        assertSameBits(name, 8, net -> {
            Explainer explainer = new Explainer(net);
            List<float[]> results = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (int count = 1; count <= 10; count++) {
                    add(results, explainer.explain(Toys.batch(count, round), Target.predicted()));
                }
            }
            return results;
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void withABudgetOneIsKept(String name) {
        assertSameBits(name, 1, net -> {
            Explainer explainer = new Explainer(net, 64 << 20);
            List<float[]> results = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (int count = 1; count <= 2; count++) {
                    add(results, explainer.explain(Toys.batch(count, round), Target.predicted()));
                }
            }
            return results;
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aStepThatFindsNoRoomIsTriedAgainWithoutTheOthers(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("room");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            KeptSteps steps = net.steps();
            List<String> calls = new ArrayList<>();
            assertEquals("a", steps.use("first", scope -> "a", step -> step));
            String result = steps.use(
                    "second",
                    scope -> {
                        calls.add("made");
                        device.allocate(scope, Shape.of(3));
                        return "b";
                    },
                    step -> {
                        calls.add("used");
                        if (steps.size() > 1) {
                            throw new OutOfMemoryException("no room", 1, 0, 1);
                        }
                        return step;
                    });
            assertEquals("b", result);
            if (device.supportsCapture()) {
                assertEquals(List.of("made", "used", "made", "used"), calls);
                assertEquals(1, steps.size());
            }
            assertThrows(
                    OutOfMemoryException.class,
                    () -> steps.use("third", scope -> device.allocate(scope, Shape.of(3)), step -> {
                        throw new OutOfMemoryException("no room", 1, 0, 1);
                    }));
            assertEquals(0, steps.size());
        }
    }

    /** So large that what each worker holds for itself, which more or fewer of them may do, weighs little beside them. */
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

    /** Without a budget of their own, on a device that has room for about two images of eight. */
    @ParameterizedTest
    @MethodSource("devices")
    void aDeviceWithLittleRoomTakesFewerImagesAtATime(String name) {
        assertFewerAtATime(name, "explanation", (net, images) -> {
            List<float[]> results = new ArrayList<>();
            Explainer explainer = new Explainer(net);
            for (int round = 0; round < 3; round++) {
                add(results, explainer.explain(images, Target.predicted()));
            }
            return results;
        });
        assertFewerAtATime(name, "evaluation", (net, images) -> {
            List<float[]> results = new ArrayList<>();
            Evaluator evaluator = new Evaluator(net, 0);
            for (int round = 0; round < 3; round++) {
                results.add(evaluator.logits(images.part(0, images.count())));
            }
            return results;
        });
    }

    private static void assertFewerAtATime(
            String name, String work, BiFunction<CodaNet, ImageBatch, List<float[]>> use) {
        List<float[]> expected = List.of();
        long room = 0;
        for (int count : new int[] {2, 8}) {
            try (Device device = TestDevices.open(name);
                    Scope run = Scope.open("roomy");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                expected = use.apply(net, large(count));
                room = room == 0 ? device.memory().peak() : room;
                assertTrue(count == 2 || device.memory().peak() > room);
            }
        }
        List<String> told = new ArrayList<>();
        DeviceOptions little =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(room);
        try (Device device = Devices.open(name, little);
                Scope run = Scope.open("little");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            device.listenToSelections(told::add);
            List<float[]> actual = use.apply(net, large(8));
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
            }
            assertTrue(device.memory().peak() <= room);
        }
        assertTrue(
                told.stream().anyMatch(line -> line.startsWith(work + ": 4 images at a time; for 8: out of memory")),
                told.toString());
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aStepThatFailedIsMadeAnew(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("failure");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            KeptSteps steps = net.steps();
            int before = device.memory().tensors();
            for (int time = 0; time < 2; time++) {
                assertThrows(
                        IllegalStateException.class,
                        () -> steps.useAlone("key", scope -> device.allocate(scope, Shape.of(3)), step -> {
                            throw new IllegalStateException("halfway");
                        }));
                assertEquals(0, steps.size());
                assertEquals(before, device.memory().tensors());
            }
        }
    }
}
