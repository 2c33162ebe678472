package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Target;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.codanet.train.TrainingStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class MemoryPlanTest {
    private static final int SIZE = 32;
    private static final int BATCH = 4;
    /** Of images beside which the small things that no plan counts weigh little, in a network that is small. */
    private static final int SIDE = 28;

    /** The paper's net: in a toy the small things that no plan counts would weigh more than a tenth. */
    private static final CodaNetConfig NETWORK =
            Experiments.named("9L-S-CoDA-SQ-1000").network();

    static Stream<MemoryPlan.Work> works() {
        return Stream.of(
                MemoryPlan.Work.inference(BATCH, SIZE, SIZE),
                MemoryPlan.Work.explanation(BATCH, SIZE, SIZE, 1, false),
                MemoryPlan.Work.explanation(BATCH, SIZE, SIZE, 10, true),
                MemoryPlan.Work.training(BATCH, SIZE, SIZE, false),
                MemoryPlan.Work.training(BATCH, SIZE, SIZE, true));
    }

    @ParameterizedTest
    @MethodSource("works")
    void planIsWithinATenthOfThePeak(MemoryPlan.Work work) {
        Skip.unless(TestDevices.names().contains("cpu"), "there is no cpu device here");
        try (Device device = TestDevices.open("cpu");
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            long planned = MemoryPlan.of(net, work).totalBytes();
            run(net, work);
            long peak = device.memory().peak();
            assertTrue(
                    planned >= 0.9 * peak && planned <= 1.1 * peak,
                    MemoryPlan.of(net, work) + " is " + planned + " bytes, the peak was " + peak);
        }
    }

    static Stream<Arguments> devicesAndWorks() {
        return planned(TestDevices.with(works().map(work -> work.withTargets(Math.min(work.targets(), 3)))));
    }

    /**
     * A small network, whose images are large, with all that a device may choose for it. Its first layer is its largest, and the plan
     * counts a way back through it that training does without.
     */
    @ParameterizedTest
    @MethodSource("devicesAndWorks")
    void planIsCloseToThePeakOnEveryDevice(String name, MemoryPlan.Work work) {
        MemoryPlan.Work large = new MemoryPlan.Work(
                work.purpose(), BATCH, SIDE, SIDE, work.targets(), work.perChannel(), work.regularised());
        assertPlanIsClose(TestDevices.open(name), large);
        // The precision that users get may take other kernels.
        assertPlanIsClose(Devices.open(name, DeviceOptions.defaults()), large);
    }

    /** What RandAugment takes is too little to be planned. */
    @ParameterizedTest
    @MethodSource("devicesAndSteps")
    void planIsCloseToThePeakOfVariedImages(String name, int each) {
        MemoryPlan.Work work = MemoryPlan.Work.training(BATCH, SIDE, SIDE, false);
        float[] steps = new float[BATCH * each * AugmentationOperation.NUMBERS];
        for (int at = 0; at < steps.length; at += AugmentationOperation.NUMBERS) {
            AugmentationOperation.rotate(0.1, SIDE, SIDE).write(steps, at);
        }
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            train(net, new RawImages.Floats(images(SIDE, SIDE), steps, Shape.of(BATCH, 3, SIDE, SIDE)), false);
            long planned = MemoryPlan.of(net, work).totalBytes();
            long peak = device.memory().peak();
            assertTrue(
                    planned >= 0.95 * peak && planned <= 1.2 * peak,
                    MemoryPlan.of(net, work) + " is " + planned + " bytes, the peak was " + peak);
        }
    }

    private static void train(CodaNet net, RawImages images, boolean regularised) {
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 1, BATCH, new LearningRate.Constant(1e-3)).toBuilder()
                .lambda(regularised ? 1 : 0)
                .build();
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, 0)) {
            step.accumulate(images, List.of(0, 1, 2, 1), 5);
            step.update(1e-3);
        }
    }

    private static void assertPlanIsClose(Device opened, MemoryPlan.Work large) {
        try (Device device = opened;
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            run(net, large);
            long planned = MemoryPlan.of(net, large).totalBytes();
            long peak = device.memory().peak();
            assertTrue(
                    planned >= 0.95 * peak && planned <= 1.2 * peak,
                    MemoryPlan.of(net, large) + " is " + planned + " bytes, the peak was " + peak);
        }
    }

    private static void run(CodaNet net, MemoryPlan.Work work) {
        int height = work.height();
        int width = work.width();
        Shape shape = Shape.of(BATCH, 3, height, width);
        float[] images = images(height, width);
        switch (work.purpose()) {
            case INFERENCE -> new Evaluator(net, 0).logits(images, shape);
            case EXPLANATION ->
                new Explainer(net)
                        .explain(
                                ImageBatch.of(images, BATCH, 3, height, width),
                                work.targets() == 1 ? Target.predicted() : Target.all(),
                                new Detail(0, work.perChannel()));
            case TRAINING -> train(net, new RawImages.Floats(images, shape), work.regularised());
        }
    }

    /** A device that would refuse more than the budget is never asked for more, and the result has the same bits. */
    @Test
    void aBudgetIsKeptBySplittingImagesAndClasses() {
        Skip.unless(TestDevices.names().contains("cpu"), "there is no cpu device here");
        MemoryPlan.Work work = MemoryPlan.Work.explanation(BATCH, SIZE, SIZE, 10, false);
        long budget;
        FloatBuffer whole;
        try (Device device = TestDevices.open("cpu");
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            budget = MemoryPlan.of(net, work.withBatch(1).withTargets(6)).totalBytes();
            assertTrue(budget < MemoryPlan.of(net, work.withBatch(1)).totalBytes());
            whole = explainAll(net, 0);
        }
        long room = budget + budget / 20;
        try (Device device = Devices.open(
                        "cpu",
                        DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(room));
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            assertEquals(whole, explainAll(net, budget));
            assertTrue(device.memory().peak() <= room);
        }
    }

    private static FloatBuffer explainAll(CodaNet net, long budget) {
        return new Explainer(net, budget)
                .explain(images(SIZE, SIZE), Shape.of(BATCH, 3, SIZE, SIZE), Target.all())
                .contributions();
    }

    private static float[] images(int height, int width) {
        float[] images = new float[BATCH * 3 * height * width];
        for (int i = 0; i < images.length; i++) {
            images[i] = i % 101 / 100f;
        }
        return images;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void largestBatchIsTheLastThatFits(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            MemoryPlan.Work work = MemoryPlan.Work.training(1, Toys.SIZE, Toys.SIZE, false);
            long five = MemoryPlan.of(net, work.withBatch(5)).totalBytes();
            assertEquals(5, MemoryPlan.imagesWithin(net, work, five, 64));
            assertEquals(4, MemoryPlan.imagesWithin(net, work, five - 1, 64));
            assertEquals(3, MemoryPlan.imagesWithin(net, work, five, 3));
            assertEquals(0, MemoryPlan.imagesWithin(net, work, 1000, 64));
            assertEquals(5, MemoryPlan.largestBatch(net, work, five + five / 31 + 1, 64));
            assertTrue(MemoryPlan.largestBatch(net, work, five + five / 40, 64) < 5);
            assertEquals(64, MemoryPlan.largestBatch(net, work, 0, 64));
            long one = MemoryPlan.of(net, work.withBatch(1)).totalBytes();
            assertEquals(1, MemoryPlan.largestBatch(net, work, one, 64));
            assertThrows(IllegalArgumentException.class, () -> MemoryPlan.largestBatch(net, work, 1000, 64));
        }
    }

    /** On a device with the room that a pass over five images took; what the sentence promises is then done. */
    @ParameterizedTest
    @MethodSource("devicesAndLambdas")
    void trainingWithoutRoomSaysHowManyImagesWouldFit(String name, double lambda) {
        long room;
        int images;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            train(net, 5, lambda);
            // A worker more may have taken part than the other time.
            room = device.memory().peak() + device.memory().peak() / 20;
        }
        DeviceOptions little =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(room);
        try (Device device = Devices.open(name, little);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            OutOfMemoryException refusal = assertThrows(OutOfMemoryException.class, () -> train(net, 16, lambda));
            Matcher fits = Pattern.compile("out of memory on .+ asked for, .+"
                            + "; training took 16 images at a time; by its plan (\\d+) would fit")
                    .matcher(refusal.getMessage());
            assertTrue(fits.matches(), refusal.getMessage());
            images = Integer.parseInt(fits.group(1));
            assertTrue(images >= 4 && images <= 5, refusal.getMessage());
        }
        try (Device device = Devices.open(name, little);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            train(net, images, lambda);
        }
    }

    /** Each budget holds by its plan so many images, and little of what the plan leaves out. */
    @ParameterizedTest
    @MethodSource("devicesAndLambdas")
    void trainingWithinABudgetFindsItsWay(String name, double lambda) {
        int images = 2;
        long budget;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            MemoryPlan.Work work = MemoryPlan.Work.training(images, SIDE, SIDE, lambda > 0);
            budget = MemoryPlan.of(net, work).totalBytes();
            budget += budget / 31 + 1;
            assertEquals(images, MemoryPlan.largestBatch(net, work, budget, 64));
        }
        List<String> told = new ArrayList<>();
        DeviceOptions options =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(budget);
        try (Device device = Devices.open(name, options);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            device.listenToSelections(told::add);
            train(net, 4, lambda, budget);
            assertTrue(device.memory().peak() <= budget);
        }
        told.removeIf(line -> !line.startsWith("training: "));
        assertTrue(
                told.isEmpty()
                        || told.size() == 1
                                && told.getFirst().startsWith("training: " + (images - 1) + " images at a time"),
                told.toString());
    }

    private static void train(CodaNet net, int images, double lambda) {
        train(net, images, lambda, 0);
    }

    private static void train(CodaNet net, int images, double lambda, long budget) {
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 1, images, new LearningRate.Constant(1e-3)).toBuilder()
                .lambda(lambda)
                .build();
        float[] values = new float[images * 3 * SIDE * SIDE];
        List<Integer> labels = Collections.nCopies(images, 1);
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, budget)) {
            for (int round = 0; round < 2; round++) {
                step.accumulate(values, Shape.of(images, 3, SIDE, SIDE), labels, round);
                step.update(1e-3);
            }
        }
    }

    static Stream<Arguments> devicesAndSteps() {
        return planned(TestDevices.with(Stream.of(1, 3)));
    }

    static Stream<Arguments> devicesAndLambdas() {
        return planned(TestDevices.with(Stream.of(0.0, 1.0)));
    }

    /** The reference device is left out: it holds doubles, and plans count floats. */
    private static Stream<Arguments> planned(Stream<Arguments> cases) {
        return cases.filter(each -> !each.get()[0].equals(TestDevices.REFERENCE));
    }

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }
}
