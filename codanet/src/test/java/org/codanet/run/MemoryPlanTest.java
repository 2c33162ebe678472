package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
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
import org.codanet.explain.Unit;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiments;
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
    /** Side of the images in a small network. With images of this size the memory that no plan counts is a small share. */
    private static final int SIDE = 28;

    /** The paper's network. In a toy network the memory that no plan counts would be more than a tenth. */
    private static final CodaNetConfig NETWORK =
            Experiments.named("9L-S-CoDA-SQ-1000").network().requireCodaNet();

    private static RawImages.Form images(int count, int side) {
        return new RawImages.Form(Shape.of(count, 3, side, side), null, false, 0);
    }

    private static Stream<PassDefinition> passes(int side, int classes) {
        RawImages.Form images = images(BATCH, side);
        return Stream.of(
                new LogitsPass(images),
                explanation(images, new ExplanationPass.HighestLogits(1), false),
                explanation(images, new ExplanationPass.NamedOrHighest(), false),
                explanation(images, new ExplanationPass.NamedClasses(classes), true),
                explanation(images, new ExplanationPass.UnitActivation(1), true),
                training(images, 0),
                training(images, 1));
    }

    private static ExplanationPass explanation(
            RawImages.Form images, ExplanationPass.Targets targets, boolean perChannel) {
        return new ExplanationPass(images, 0, perChannel, targets, targets.count());
    }

    private static TrainingPass training(RawImages.Form images, double lambda) {
        return new TrainingPass(images, LossKind.BCE, images.shape().extent(0), lambda);
    }

    static Stream<PassDefinition> passes() {
        return passes(SIZE, 10);
    }

    @ParameterizedTest
    @MethodSource("passes")
    void planIsWithinATenthOfThePeak(PassDefinition pass) {
        Skip.unless(TestDevices.names().contains("cpu"), "there is no cpu device here");
        try (Device device = TestDevices.open("cpu");
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            run(net, pass);
            assertPlanIsBetween(0.9, 1.1, net, pass);
        }
    }

    private static void assertPlanIsBetween(double least, double most, CodaNet net, PassDefinition pass) {
        long peak = net.device().memory().peak();
        MemoryPlan plan = MemoryPlan.of(net, pass);
        assertTrue(
                plan.totalBytes() >= least * peak && plan.totalBytes() <= most * peak,
                plan + " is " + plan.totalBytes() + " bytes, the peak was " + peak);
    }

    static Stream<Arguments> devicesAndPasses() {
        return planned(TestDevices.with(passes(SIDE, 3)));
    }

    /** A small network with large images, with every algorithm that a device may select for it. Its first layer is the largest. */
    @ParameterizedTest
    @MethodSource("devicesAndPasses")
    void planIsCloseToThePeakOnEveryDevice(String name, PassDefinition pass) {
        assertPlanIsClose(TestDevices.open(name), pass);
        // The precision that users get may select other kernels.
        assertPlanIsClose(Devices.open(name, DeviceOptions.defaults()), pass);
    }

    private static void assertPlanIsClose(Device opened, PassDefinition pass) {
        try (Device device = opened;
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            run(net, pass);
            assertPlanIsBetween(0.95, 1.2, net, pass);
        }
    }

    static Stream<Arguments> devicesAndOperations() {
        return planned(TestDevices.with(Stream.of(1, 3)));
    }

    @ParameterizedTest
    @MethodSource("devicesAndOperations")
    void planIsCloseToThePeakOfAugmentedImages(String name, int operations) {
        float[] steps = new float[BATCH * operations * AugmentationOperation.NUMBERS];
        for (int at = 0; at < steps.length; at += AugmentationOperation.NUMBERS) {
            AugmentationOperation.rotate(0.1, SIDE, SIDE).write(steps, at);
        }
        RawImages images = new RawImages.Floats(pixels(SIDE), steps, Shape.of(BATCH, 3, SIDE, SIDE));
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            train(net, images, false);
            assertPlanIsBetween(0.95, 1.2, net, training(images.form(), 0));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aPlanIsTheSameWhateverWasPlannedOrRunBefore(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1);
                CodaNet other = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            MemoryPlan before = MemoryPlan.of(net, new LogitsPass(images(BATCH, SIDE)));
            long live = device.memory().live();
            passes(SIDE, 3).forEach(pass -> MemoryPlan.of(other, pass));
            assertEquals(live, device.memory().live(), "a plan takes no memory of the device");
            passes(SIDE, 3).filter(pass -> pass instanceof ExplanationPass).forEach(pass -> run(other, pass));
            assertEquals(before, MemoryPlan.of(other, new LogitsPass(images(BATCH, SIDE))));
        }
    }

    @Test
    void anotherImageSizeThanTheNetworkTakesIsRefused() {
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            RawImages.Form grey = new RawImages.Form(Shape.of(1, 1, SIDE, SIDE), null, false, 0);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> MemoryPlan.of(net, new LogitsPass(grey)))
                    .getMessage();
            assertTrue(message.contains("expected (N, 3, H, W)"), message);
            // The next plan does not count what the refused one had allocated.
            MemoryPlan.of(net, new LogitsPass(images(1, SIDE)));
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

    /** Runs the work that the plan describes: one call, or one training step. */
    private static void run(CodaNet net, PassDefinition pass) {
        Shape shape = pass.images().shape();
        float[] pixels = pixels(shape.extent(3));
        switch (pass) {
            case LogitsPass logits -> new Evaluator(net, 0).logits(pixels, shape);
            case ExplanationPass explanation ->
                new Explainer(net)
                        .explain(
                                ImageBatch.of(pixels, BATCH, 3, shape.extent(2), shape.extent(3)),
                                target(explanation.targets()),
                                new Detail(0, explanation.perChannel()));
            case TrainingPass training -> train(net, new RawImages.Floats(pixels, shape), training.isRegularised());
            default -> throw new AssertionError(pass);
        }
    }

    private static Target target(ExplanationPass.Targets targets) {
        return switch (targets) {
            case ExplanationPass.HighestLogits highest -> Target.topK(highest.count());
            case ExplanationPass.NamedOrHighest either ->
                new Target.OneOfEach(Collections.nCopies(BATCH, OptionalInt.empty()));
            case ExplanationPass.NamedClasses named -> Target.all();
            case ExplanationPass.UnitActivation unit -> Target.activation(new Unit(unit.layer(), 0, 1, 1));
        };
    }

    /** A device that refuses to allocate more than the budget never has to refuse, and the result has the same bits. */
    @Test
    void aBudgetIsKeptBySplittingImagesAndClasses() {
        Skip.unless(TestDevices.names().contains("cpu"), "there is no cpu device here");
        ExplanationPass pass = explanation(images(1, SIZE), new ExplanationPass.NamedClasses(10), false);
        long budget;
        FloatBuffer whole;
        try (Device device = TestDevices.open("cpu");
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            budget = MemoryPlan.of(net, pass.withTargetsAtOnce(6)).totalBytes();
            assertTrue(budget < MemoryPlan.of(net, pass).totalBytes());
            whole = explainAll(net, 0);
        }
        long available = budget + budget / 20;
        try (Device device = Devices.open(
                        "cpu",
                        DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(available));
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 1)) {
            assertEquals(whole, explainAll(net, budget));
            assertTrue(device.memory().peak() <= available);
        }
    }

    private static FloatBuffer explainAll(CodaNet net, long budget) {
        return new Explainer(net, budget)
                .explain(pixels(SIZE), Shape.of(BATCH, 3, SIZE, SIZE), Target.all())
                .contributions();
    }

    private static float[] pixels(int side) {
        float[] pixels = new float[BATCH * 3 * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i % 101 / 100f;
        }
        return pixels;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void largestBatchIsTheLastThatFits(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            TrainingPass pass = training(images(1, Toys.SIZE), 0);
            long five = MemoryPlan.of(net, pass.withImages(5)).totalBytes();
            assertEquals(5, MemoryPlan.imagesWithin(net, pass, five, 64));
            assertEquals(4, MemoryPlan.imagesWithin(net, pass, five - 1, 64));
            assertEquals(3, MemoryPlan.imagesWithin(net, pass, five, 3));
            assertEquals(0, MemoryPlan.imagesWithin(net, pass, 1000, 64));
            assertEquals(5, MemoryPlan.largestBatch(net, pass, five + five / 31 + 1, 64));
            assertTrue(MemoryPlan.largestBatch(net, pass, five + five / 40, 64) < 5);
            assertEquals(64, MemoryPlan.largestBatch(net, pass, 0, 64));
            long one = MemoryPlan.of(net, pass.withImages(1)).totalBytes();
            assertEquals(1, MemoryPlan.largestBatch(net, pass, one, 64));
            assertThrows(IllegalArgumentException.class, () -> MemoryPlan.largestBatch(net, pass, 1000, 64));
        }
    }

    /** The device has the memory that a pass over five images took. The number of images that the message names must then fit. */
    @ParameterizedTest
    @MethodSource("devicesAndLambdas")
    void trainingWithTooLittleMemorySaysHowManyImagesWouldFit(String name, double lambda) {
        long available;
        int images;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            train(net, 5, lambda);
            // One more worker may take part the next time.
            available = device.memory().peak() + device.memory().peak() / 20;
        }
        DeviceOptions little =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(available);
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

    /** According to the plan this number of images just fits the budget, with little memory left for what the plan does not count. */
    @ParameterizedTest
    @MethodSource("devicesAndLambdas")
    void trainingKeepsToItsBudgetIfThePlanLeftSomethingOut(String name, double lambda) {
        int images = 2;
        long budget;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            TrainingPass pass = training(images(images, SIDE), lambda);
            budget = MemoryPlan.of(net, pass).totalBytes();
            budget += budget / 31 + 1;
            assertEquals(images, MemoryPlan.largestBatch(net, pass, budget, 64));
        }
        List<String> reports = new ArrayList<>();
        DeviceOptions options =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(budget);
        try (Device device = Devices.open(name, options);
                Scope run = Scope.open("plan");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 1)) {
            device.listenToSelections(reports::add);
            train(net, 4, lambda, budget);
            assertTrue(device.memory().peak() <= budget);
        }
        reports.removeIf(line -> !line.startsWith("training: "));
        assertTrue(
                reports.isEmpty()
                        || reports.size() == 1
                                && reports.getFirst().startsWith("training: " + (images - 1) + " images at a time"),
                reports.toString());
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

    static Stream<Arguments> devicesAndLambdas() {
        return planned(TestDevices.with(Stream.of(0.0, 1.0)));
    }

    /** Without the reference device, whose operations use temporary arrays on the heap. */
    private static Stream<Arguments> planned(Stream<Arguments> cases) {
        return cases.filter(each -> !each.get()[0].equals(TestDevices.REFERENCE));
    }

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }
}
