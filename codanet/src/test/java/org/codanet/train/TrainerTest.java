package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.model.AuthorsLayout;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.run.MemoryPlan;
import org.codanet.run.TrainingPass;
import org.codanet.testing.Near;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class TrainerTest {
    /** 23 images in micro-batches of 4. The last micro-batch of an epoch is not full, and neither is the last virtual batch of 8. */
    private static final BatchSource TRAINING = Toys.images(23, 4, 1);

    private static final BatchSource TEST = Toys.images(12, 5, 2);
    private static final Preprocessing PIXELS = new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0);

    @TempDir
    private Path folder;

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    /** Devices that store float32 values, as files do. The reference device stores doubles. */
    static Stream<String> floatDevices() {
        List<String> names = TestDevices.names().stream()
                .filter(name -> !name.equals(TestDevices.REFERENCE))
                .toList();
        Skip.unless(!names.isEmpty(), "no device here stores float32 values");
        return names.stream();
    }

    private static TrainingRecipe recipe(int epochs) {
        return TrainingRecipe.of(LossKind.BCE, epochs, 4, new LearningRate.Constant(5e-3)).toBuilder()
                .batches(4, 8)
                .build();
    }

    private static Trainer.Options in(Path folder) {
        return new Trainer.Options(3, folder, false, 0, 0, 0);
    }

    private static Trainer.Result train(
            String device, TrainingRecipe recipe, Trainer.Options options, TrainingListener listener)
            throws IOException {
        try (Device opened = TestDevices.open(device);
                Scope run = Scope.open("test");
                CodaNet net = CodaNet.create(Toys.network(), recipe.loss(), opened, run, 3)) {
            return new Trainer(net, recipe, PIXELS, TRAINING, TEST, options, listener).train();
        }
    }

    /** With a learning rate of almost 0 the first epoch remains the best. */
    @Test
    void theRunEndsEarlyWhenTheAccuracyDoesNotRise() throws IOException {
        TrainingRecipe still = recipe(12).toBuilder()
                .learningRate(new LearningRate.Constant(1e-12))
                .build();
        String device = TestDevices.names().getFirst();
        Trainer.Options patient = new Trainer.Options(3, folder, false, 0, 0, 2, 0);
        Trainer.Result result = train(device, still, patient, TrainingListener.NONE);
        assertTrue(result.finished());
        assertEquals(1, result.bestEpoch());
        assertEquals(3, result.metrics().size());
        Trainer.Result again = train(device, still, patient.resuming(), TrainingListener.NONE);
        assertEquals(3, again.metrics().size(), "a resumed run stays ended");
        assertThrows(IllegalArgumentException.class, () -> new Trainer.Options(3, folder, false, 0, 0, -1, 0));
    }

    /** The rates of a constant schedule do not depend on the number of epochs. */
    @Test
    void aFinishedRunGoesOnForMoreEpochs() throws IOException {
        String device = TestDevices.names().getFirst();
        train(device, recipe(1), in(folder), TrainingListener.NONE);
        Trainer.Result more = train(device, recipe(3), in(folder).resuming(), TrainingListener.NONE);
        Path whole = folder.resolve("whole");
        Trainer.Result atOnce = train(device, recipe(3), in(whole), TrainingListener.NONE);
        assertEquals(3, more.metrics().size());
        assertEquals(
                ModelFile.read(new TrainingRun(whole).last()).weights(),
                ModelFile.read(new TrainingRun(folder).last()).weights());
        assertTrue(atOnce.finished());
    }

    /** The warm-up is scaled twice, from 3 to 2 to 7 epochs and from 3 to 7, which rounds differently. */
    @Test
    void aFinishedRunWithACosineScheduleGoesOnWithTheRatesOfALongerRun() throws IOException {
        String device = TestDevices.names().getFirst();
        TrainingRecipe cosine = recipe(3).toBuilder()
                .learningRate(new LearningRate.Cosine(5e-3, 1e-5, 0.1, 3))
                .build();
        TrainingRecipe two = cosine.toBuilder().epochs(2).build();
        TrainingRecipe seven = cosine.toBuilder().epochs(7).build();
        assertNotEquals(seven.learningRate(), two.learningRate().forEpochs(7));
        train(device, two, in(folder), TrainingListener.NONE);
        List<String> messages = new ArrayList<>();
        List<Double> rates = new ArrayList<>();
        Trainer.Result more = train(device, seven, in(folder).resuming(), new TrainingListener() {
            @Override
            public void step(Progress progress) {
                rates.add(progress.rate());
            }

            @Override
            public void message(String text) {
                messages.add(text);
            }
        });
        assertTrue(more.finished());
        assertEquals(7, more.metrics().size());
        long updatesPerEpoch = 3;
        assertEquals(seven.learningRate().at(2, 2 * updatesPerEpoch, updatesPerEpoch), rates.get(1));
        assertTrue(rates.get(1) > more.metrics().get(1).rate(), "the rate rises again");
        assertEquals(seven.learningRate().at(6, 7 * updatesPerEpoch - 1, updatesPerEpoch), rates.getLast());
        assertTrue(messages.getLast().contains("to epoch 7 instead of 2"), messages.toString());
        String message = assertThrows(
                        TrainingException.class,
                        () -> train(device, two, in(folder).resuming(), TrainingListener.NONE))
                .getMessage();
        assertTrue(message.contains("its number of epochs is 7, asked for is 2"), message);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theTrainedNetworkTellsTheClassesApart(String device) throws IOException {
        Trainer.Result result = train(device, recipe(12), in(folder), TrainingListener.NONE);
        assertTrue(result.finished());
        EpochMetrics first = result.metrics().getFirst();
        EpochMetrics last = result.metrics().getLast();
        assertEquals(12, last.epoch());
        assertTrue(last.trainLoss() < 0.6 * first.trainLoss(), first + " then " + last);
        assertTrue(last.testTop1() >= 0.9, last.toString());
        assertEquals(1, last.testTop5());
        TrainingRun run = new TrainingRun(folder);
        assertEquals(result.metrics(), MetricsCsv.read(Files.readString(run.metrics())));
        assertTrue(Files.readString(run.curve()).startsWith("<svg"));
        ModelFile best = ModelFile.read(run.best());
        assertEquals(
                result.metrics().get(result.bestEpoch() - 1).testTop1(),
                best.scores().get("top1"));
        try (Device opened = TestDevices.open(device);
                Scope scope = Scope.open("test");
                CodaNet net = CodaNet.load(ModelFile.read(run.last()), opened, scope)) {
            assertEquals(last.testLoss(), new Evaluator(net, 0).evaluate(TEST).loss(), 1e-6 * last.testLoss());
        }
    }

    /** With the authors' accumulation an epoch that never fills a virtual batch has no update. */
    @Test
    void anEpochWithoutAnUpdateIsRefused() throws IOException {
        TrainingRecipe authors =
                recipe(1).toBuilder().accumulation(Accumulation.AUTHORS).build();
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> train(
                                TestDevices.REFERENCE,
                                authors.toBuilder().batches(4, 64).build(),
                                in(folder),
                                TrainingListener.NONE))
                .getMessage();
        assertTrue(message.contains("a virtual batch of 64 an epoch of 23 images has no update"), message);
        // Of five whole micro-batches the fifth is followed by an update, because a sixth would fill the virtual batch.
        EpochMetrics once = train(
                        TestDevices.REFERENCE,
                        authors.toBuilder().batches(4, 24).build(),
                        in(folder),
                        TrainingListener.NONE)
                .metrics()
                .getFirst();
        assertEquals(1, once.updates());
    }

    @Test
    void aRegulariserWithoutAnotherClassIsRefused() {
        CodaNetConfig one =
                CodaNetConfig.builder(6).layer(1, 2, 1, 1, 0).logitBias(-2).build();
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope scope = Scope.open("test");
                CodaNet net = CodaNet.create(one, LossKind.BCE, device, scope, 3)) {
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> new Trainer(
                                    net,
                                    recipe(1).toBuilder().lambda(0.5).build(),
                                    PIXELS,
                                    TRAINING,
                                    TEST,
                                    in(folder),
                                    TrainingListener.NONE))
                    .getMessage();
            assertTrue(message.contains("lambda is 0.5, but the network has no other class"), message);
        }
    }

    /** Interrupted after every possible number of micro-batches. */
    @ParameterizedTest
    @MethodSource("floatDevices")
    void aResumedRunGivesTheBitsOfAnUninterruptedOne(String device) throws IOException {
        Path whole = folder.resolve("whole");
        Trainer.Result expected = train(device, recipe(3), in(whole), TrainingListener.NONE);
        for (int crashAfter : new int[] {1, 2, 5, 6, 7, 11, 17}) {
            Path part = folder.resolve("crash" + crashAfter);
            Trainer.Options options = new Trainer.Options(3, part, true, 1, 0, 0);
            AtomicInteger steps = new AtomicInteger();
            TrainingListener crash = new TrainingListener() {
                @Override
                public void step(Progress progress) {
                    if (steps.incrementAndGet() == crashAfter) {
                        throw new IllegalStateException("crash");
                    }
                }
            };
            assertThrows(IllegalStateException.class, () -> train(device, recipe(3), options, crash));
            Trainer.Result resumed = train(device, recipe(3), options, TrainingListener.NONE);
            requireSameRun(expected, resumed, whole, part);
        }
    }

    @ParameterizedTest
    @MethodSource("floatDevices")
    void aFinishedRunContinuesWithMoreEpochs(String device) throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Trainer.Result expected = train(device, recipe(3), in(whole), TrainingListener.NONE);
        train(device, recipe(1), in(parts), TrainingListener.NONE);
        Trainer.Result resumed = train(device, recipe(3), in(parts).resuming(), TrainingListener.NONE);
        requireSameRun(expected, resumed, whole, parts);
    }

    private static void requireSameRun(Trainer.Result expected, Trainer.Result actual, Path whole, Path part)
            throws IOException {
        assertEquals(timeless(expected.metrics()), timeless(actual.metrics()));
        TrainingCheckpoint one = TrainingCheckpoint.read(new TrainingRun(whole).checkpoint());
        TrainingCheckpoint two = TrainingCheckpoint.read(new TrainingRun(part).checkpoint());
        assertEquals(one.weights(), two.weights());
        assertEquals(one.means(), two.means());
        assertEquals(one.variances(), two.variances());
        ModelFile best = ModelFile.read(new TrainingRun(whole).best());
        assertEquals(
                best.weights(), ModelFile.read(new TrainingRun(part).best()).weights());
        assertEquals(best.scores(), ModelFile.read(new TrainingRun(part).best()).scores());
    }

    private static List<EpochMetrics> timeless(List<EpochMetrics> metrics) {
        return metrics.stream()
                .map(m -> new EpochMetrics(
                        m.epoch(),
                        m.updates(),
                        m.rate(),
                        m.trainLoss(),
                        m.trainTop1(),
                        m.testLoss(),
                        m.testTop1(),
                        m.testTop5(),
                        0))
                .toList();
    }

    @Test
    void aStoppedRunHasACheckpointAndResumes() throws IOException {
        AtomicReference<Trainer> trainer = new AtomicReference<>();
        TrainingListener stopper = new TrainingListener() {
            @Override
            public void step(Progress progress) {
                trainer.get().stop();
            }
        };
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope run = Scope.open("test");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            trainer.set(new Trainer(net, recipe(2), PIXELS, TRAINING, TEST, in(folder), stopper));
            assertFalse(trainer.get().train().finished());
        }
        TrainingCheckpoint checkpoint = TrainingCheckpoint.read(new TrainingRun(folder).checkpoint());
        assertEquals(1, checkpoint.position().updates());
        assertEquals(2, checkpoint.position().batches());
        assertTrue(train(TestDevices.REFERENCE, recipe(2), in(folder).resuming(), TrainingListener.NONE)
                .finished());
    }

    /** Otherwise the user of a large test set would have to wait long for the run to end. */
    @Test
    void aRunThatIsStoppedInItsEvaluationHasACheckpointToo() throws IOException {
        AtomicReference<Trainer> trainer = new AtomicReference<>();
        TrainingListener stopper = new TrainingListener() {
            @Override
            public void step(Progress progress) {
                if (progress.image() == progress.images()) {
                    trainer.get().stop();
                }
            }
        };
        Path stopped = folder.resolve("stopped");
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope run = Scope.open("test");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            trainer.set(new Trainer(net, recipe(2), PIXELS, TRAINING, TEST, in(stopped), stopper));
            assertFalse(trainer.get().train().finished());
        }
        TrainingCheckpoint checkpoint = TrainingCheckpoint.read(new TrainingRun(stopped).checkpoint());
        assertEquals(1, checkpoint.position().epoch());
        assertEquals(23, checkpoint.position().images());
        Trainer.Result resumed =
                train(TestDevices.REFERENCE, recipe(2), in(stopped).resuming(), TrainingListener.NONE);
        Trainer.Result whole =
                train(TestDevices.REFERENCE, recipe(2), in(folder.resolve("whole")), TrainingListener.NONE);
        for (int i = 0; i < 2; i++) {
            EpochMetrics expected = whole.metrics().get(i);
            assertEquals(expected.rate(), resumed.metrics().get(i).rate());
            assertEquals(expected.updates(), resumed.metrics().get(i).updates());
            assertEquals(expected.testLoss(), resumed.metrics().get(i).testLoss(), 1e-5);
        }
    }

    @Test
    void theCheckpointOfAnotherRunIsRefusedWithTheDifference() throws IOException {
        train(TestDevices.REFERENCE, recipe(1), in(folder), TrainingListener.NONE);
        TrainingException again = assertThrows(
                TrainingException.class,
                () -> train(TestDevices.REFERENCE, recipe(1), in(folder), TrainingListener.NONE));
        assertTrue(again.getMessage().contains("--resume"), again.getMessage());
        TrainingException other = assertThrows(
                TrainingException.class,
                () -> train(
                        TestDevices.REFERENCE,
                        recipe(2).toBuilder().lambda(0.5).build(),
                        in(folder).resuming(),
                        TrainingListener.NONE));
        assertTrue(other.getMessage().contains("recipe"), other.getMessage());
        TrainingException seed = assertThrows(
                TrainingException.class,
                () -> train(
                        TestDevices.REFERENCE,
                        recipe(1),
                        new Trainer.Options(4, folder, true, 0, 0, 0),
                        TrainingListener.NONE));
        assertTrue(seed.getMessage().contains("its seed is 3, asked for is 4"), seed.getMessage());
    }

    @Test
    void truncatedAndForeignCheckpointsAreRefusedByName() throws IOException {
        train(TestDevices.REFERENCE, recipe(1), in(folder), TrainingListener.NONE);
        TrainingRun run = new TrainingRun(folder);
        byte[] bytes = Files.readAllBytes(run.checkpoint());
        for (int length : new int[] {0, 7, bytes.length / 2, bytes.length - 1}) {
            Files.write(run.checkpoint(), Arrays.copyOf(bytes, length));
            FileFormatException truncated =
                    assertThrows(FileFormatException.class, () -> TrainingCheckpoint.read(run.checkpoint()));
            assertTrue(truncated.getMessage().startsWith(run.checkpoint().toString()), truncated.getMessage());
        }
        FileFormatException foreign =
                assertThrows(FileFormatException.class, () -> TrainingCheckpoint.read(run.best()));
        assertTrue(foreign.getMessage().contains("not a training checkpoint"), foreign.getMessage());
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theMessageNamesTheLayerWhoseOutputIsNotFinite(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("test");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            Map<String, TensorData> weights = new LinkedHashMap<>(net.weights().tensors());
            String key = AuthorsLayout.keyOfA(1);
            float[] a = weights.get(key).toFloats();
            a[0] = Float.NaN;
            weights.put(key, TensorData.ofFloats(weights.get(key).shape(), a));
            net.setWeights(new NamedTensors(weights));
            Trainer trainer = new Trainer(net, recipe(1), PIXELS, TRAINING, TEST, in(folder), TrainingListener.NONE);
            TrainingException stopped = assertThrows(TrainingException.class, trainer::train);
            assertTrue(stopped.getMessage().contains("layer 1 dynamic alignment"), stopped.getMessage());
        }
    }

    /** A budget for one image at a time gives the gradient of the whole micro-batch, except for rounding. */
    @ParameterizedTest
    @MethodSource("devices")
    void aMemoryBudgetSplitsTheBatchAndKeepsTheGradient(String name) {
        float[][] gradients = new float[2][];
        long[] peaks = new long[2];
        for (int split = 0; split < 2; split++) {
            try (Device device = TestDevices.open(name);
                    Scope run = Scope.open("test");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.CE, device, run, 3)) {
                net.forTraining();
                RawImages.Form image = new RawImages.Form(Shape.of(1, 3, Toys.SIZE, Toys.SIZE), null, false, 0);
                long budget = split == 0
                        ? 0
                        : MemoryPlan.of(net, new TrainingPass(image, LossKind.CE, 4, 0.5))
                                .totalBytes();
                TrainingRecipe recipe =
                        TrainingRecipe.of(LossKind.CE, 1, 4, new LearningRate.Constant(1e-3)).toBuilder()
                                .lambda(0.5)
                                .build();
                try (TrainingStep step = new TrainingStep(net, recipe, run, budget);
                        BatchSource.Batches batches = TRAINING.batches(1, 0)) {
                    BatchSource.Batch batch = batches.next();
                    device.resetPeakMemory();
                    step.accumulate(batch.images(), batch.labels(), 9);
                    peaks[split] = device.memory().peak();
                    gradients[split] = TestDevices.values(
                            device, net.parameters().getFirst().gradient());
                }
            }
        }
        assertTrue(peaks[1] < peaks[0], peaks[1] + " is not below " + peaks[0]);
        Near.assertNear("gradient", gradients[0], gradients[1], 1e-5);
    }
}
