package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Explainer;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.Toys;
import org.codanet.train.TrainingStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests CUDA graph capture and replay of whole networks on the simulated machine: which driver calls a replayed pass makes, and what
 * happens if one of them fails.
 */
final class CapturedNets {
    private static final List<String> COUNTED = List.of(
            "cuGraphLaunch",
            "cuLaunchKernel",
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyDtoHAsync_v2",
            "cuMemAllocFromPoolAsync",
            "cuMemFreeAsync",
            "cuModuleLoadData",
            "cublasGemmEx",
            "cublasGemmStridedBatchedEx");

    /** Number of calls that {@code pass} makes of each counted function. Functions that it does not call are left out. */
    private static Map<String, Long> calls(Runnable pass) {
        SimulatedMachine machine = SimulatedMachine.get();
        Map<String, Long> before = new TreeMap<>();
        COUNTED.forEach(name -> before.put(name, machine.calls(name)));
        pass.run();
        Map<String, Long> made = new TreeMap<>();
        before.forEach((name, count) -> {
            if (machine.calls(name) > count) {
                made.put(name, machine.calls(name) - count);
            }
        });
        return made;
    }

    private interface Use {
        void of(CodaNet net);
    }

    private static void withNet(Use use) {
        try (Device device = SimulatedMachine.open();
                Scope run = Scope.open("captured");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            use.of(net);
        }
        assertEquals("", SimulatedMachine.get().violation());
        assertEquals("", SimulatedMachine.get().live());
    }

    @Test
    void anExplanationAfterAWarmUpIsOneReplayBetweenTwoCopies() {
        withNet(net -> {
            Explainer explainer = new Explainer(net);
            ImageBatch image = Toys.batch(1, 1);
            explainer.warmUp(image, Target.predicted());
            Map<String, Long> expected =
                    Map.of("cuGraphLaunch", 1L, "cuMemcpyHtoDAsync_v2", 1L, "cuMemcpyDtoHAsync_v2", 1L);
            for (int call = 0; call < 3; call++) {
                assertEquals(expected, calls(() -> explainer.explain(image, Target.predicted())));
            }
        });
    }

    @Test
    void anEvaluatedBatchIsOneReplayBetweenTwoCopies() {
        withNet(net -> {
            Evaluator evaluator = new Evaluator(net, 0);
            ImageBatch images = Toys.batch(3, 1);
            Runnable step = () -> evaluator.logits(images.values(0, 3), images.shape());
            step.run();
            step.run();
            assertEquals(
                    Map.of("cuGraphLaunch", 1L, "cuMemcpyHtoDAsync_v2", 1L, "cuMemcpyDtoHAsync_v2", 1L), calls(step));
        });
    }

    /**
     * A step uploads the images, the labels and, with augmentation, the operations. It downloads the loss together with the logits, and
     * an update downloads the norm of the gradient.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void aTrainingStepCopiesTheBatchInAndTheLossOut(int operations) {
        withNet(net -> {
            TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 1, 3, new LearningRate.Constant(1e-3));
            try (Scope scope = Scope.open("train");
                    TrainingStep step = new TrainingStep(net, recipe, scope, 0)) {
                ImageBatch images = Toys.batch(3, 1);
                RawImages values =
                        new RawImages.Floats(images.values(0, 3), augmentation(3, operations), images.shape());
                Runnable pass = () -> step.accumulate(values, List.of(0, 1, 2), 5);
                for (int i = 0; i < 3; i++) {
                    pass.run();
                    step.update(1e-3);
                }
                // The update has changed the weights, so a second graph is replayed, which derives values from them
                // again.
                assertEquals(
                        Map.of(
                                "cuGraphLaunch",
                                2L,
                                "cuMemcpyHtoDAsync_v2",
                                operations == 0 ? 2L : 3L,
                                "cuMemcpyDtoHAsync_v2",
                                1L),
                        calls(pass));
                // The learning rate is an argument of the launch.
                assertEquals(
                        Map.of("cuGraphLaunch", 1L, "cuLaunchKernel", 1L, "cuMemcpyDtoHAsync_v2", 1L),
                        calls(() -> step.update(1e-3)));
            }
        });
    }

    private static float[] augmentation(int images, int each) {
        if (each == 0) {
            return null;
        }
        float[] operations = new float[images * each * AugmentationOperation.NUMBERS];
        for (int at = 0; at < operations.length; at += AugmentationOperation.NUMBERS) {
            AugmentationOperation.sharpness(1.5f).write(operations, at);
        }
        return operations;
    }

    /**
     * One driver call fails during an eager run, a capture or a replay. The pass that made the call reports the failure, and every other
     * pass gives the same bits as without it.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cuMemAllocFromPoolAsync",
                "cuLaunchKernel",
                "cuMemcpyHtoDAsync_v2",
                "cuMemcpyDtoHAsync_v2",
                "cuMemcpyDtoDAsync_v2",
                "cuStreamBeginCapture_v2",
                "cuStreamEndCapture",
                "cuGraphGetNodes",
                "cuGraphInstantiateWithFlags",
                "cuGraphLaunch"
            })
    void aFailedCallIsReportedOnceAndChangesNoOtherPass(String function) {
        SimulatedMachine machine = SimulatedMachine.get();
        float[] expected = new float[Toys.SIZE * Toys.SIZE];
        withNet(net -> new Explainer(net)
                .explain(Toys.batch(1, 1), Target.predicted())
                .contributions()
                .get(expected));
        String status =
                function.equals("cuMemAllocFromPoolAsync") ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_VALUE";
        int failures = 0;
        for (int nth = 1; nth < 400; nth++) {
            try (Device device = SimulatedMachine.open();
                    Scope run = Scope.open("failing");
                    CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                Explainer explainer = new Explainer(net);
                long before = machine.calls(function);
                machine.fail(function, nth, status, false);
                boolean failed = false;
                for (int call = 0; call < 5; call++) {
                    try {
                        float[] actual = new float[expected.length];
                        explainer
                                .explain(Toys.batch(1, 1), Target.predicted())
                                .contributions()
                                .get(actual);
                        assertArrayEquals(expected, actual, function + " number " + nth);
                    } catch (DeviceException e) {
                        assertFalse(failed, "a second failure: " + e.getMessage());
                        failed = true;
                        String named = function.replaceFirst("_v2$|WithFlags$", "");
                        assertTrue(
                                e instanceof OutOfMemoryException
                                        || e.getMessage().contains(named),
                                e.getMessage());
                    }
                }
                boolean reached = machine.calls(function) - before >= nth;
                machine.reset();
                if (!reached) {
                    assertTrue(failures > 0, "no call of " + function + " failed");
                    return;
                }
                failures++;
            }
            assertEquals("", machine.live(), function + " number " + nth);
        }
        throw new AssertionError(function + " is called too often to fail at each");
    }

    @Test
    void trainingOnADeviceThatBecameUnusableFailsWithTheFirstErrorAndLeaksNothing() {
        SimulatedMachine machine = SimulatedMachine.get();
        Device device = SimulatedMachine.open();
        try (Scope run = Scope.open("dying");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 1, 3, new LearningRate.Constant(1e-3));
            try (TrainingStep step = new TrainingStep(net, recipe, run, 0)) {
                ImageBatch images = Toys.batch(3, 1);
                Runnable pass = () -> {
                    step.accumulate(images.part(0, 3), List.of(0, 1, 2), 5);
                    step.update(1e-3);
                };
                for (int i = 0; i < 3; i++) {
                    pass.run();
                }
                machine.fail("cuGraphLaunch", 1, "CUDA_ERROR_ILLEGAL_ADDRESS", true);
                assertThrows(DeviceException.class, pass::run);
                String message = assertThrows(DeviceException.class, pass::run).getMessage();
                assertTrue(message.contains("cannot be used any more"), message);
            }
        }
        device.close();
        assertEquals("", machine.live());
        machine.reset();
    }

    @Test
    void aCaptureIsReported() {
        List<String> reported = new ArrayList<>();
        withNet(net -> {
            net.device().listenToSelections(reported::add);
            new Explainer(net).warmUp(Toys.batch(2, 1), Target.all());
        });
        assertTrue(
                reported.stream()
                        .anyMatch(
                                line -> line.matches(
                                        "pass of '.*explain \\(2, 3, 7, 7\\), 3 classes': captured as a CUDA graph of \\d+ nodes")),
                reported.toString());
    }

    @Test
    void aPassThatCannotBeCapturedForLackOfMemoryRunsEagerlyAndIsReported() {
        List<String> reported = new ArrayList<>();
        long peak;
        try (Device device = SimulatedMachine.open();
                Scope run = Scope.open("enough");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            new Evaluator(net, 0)
                    .logits(Toys.batch(40, 1).values(0, 40), Toys.batch(40, 1).shape());
            peak = device.memory().peak();
        }
        DeviceOptions tight =
                DeviceOptions.defaults().withPrecision(Precision.FP32).withMemoryBudget(peak);
        try (Device device = SimulatedMachine.open(tight);
                Scope run = Scope.open("tight");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            device.listenToSelections(reported::add);
            Evaluator evaluator = new Evaluator(net, 0);
            ImageBatch images = Toys.batch(40, 1);
            for (int call = 0; call < 4; call++) {
                evaluator.logits(images.values(0, 40), images.shape());
            }
        }
        assertTrue(reported.stream().anyMatch(line -> line.contains("runs eagerly")), reported.toString());
        assertEquals("", SimulatedMachine.get().live());
    }
}
