package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.ImageBatch;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.explain.Unit;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.AugmentedTraining;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.codanet.train.TrainingStep;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays of captured passes give the bits of eager passes, and the cache holds as many passes as it should. */
final class CapturedPassTest {
    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    static Stream<Arguments> devicesAndLambdas() {
        return TestDevices.with(Stream.of(0.0, 0.1));
    }

    private interface Use {
        List<float[]> of(CodaNet net);
    }

    /** The same device, except that it reports no support for graph capture. */
    private static Device withoutCapture(Device device) {
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

    /** @param passes the number of captured passes that the network has at the end, where the device supports capture */
    private static void assertSameBitsAsEagerly(String name, int passes, Use use) {
        List<float[]> eager;
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("eager");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, withoutCapture(device), run, 3)) {
            eager = use.of(net);
            assertEquals(0, PassCache.of(net).size());
        }
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("captured")) {
            try (CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
                List<float[]> captured = use.of(net);
                assertEquals(eager.size(), captured.size());
                for (int i = 0; i < eager.size(); i++) {
                    assertArrayEquals(eager.get(i), captured.get(i), "result " + i);
                }
                int expected = device.supportsCapture() ? passes : 0;
                assertEquals(expected, PassCache.of(net).size());
            }
            assertEquals(0, device.memory().tensors(), "tensors after close");
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void explanationsAndLogits(String name) {
        assertSameBitsAsEagerly(name, 6, net -> {
            Explainer explainer = new Explainer(net);
            List<float[]> results = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                ImageBatch images = Toys.batch(3, round);
                Target each = new Target.ClassesPerImage(List.of(List.of(round % 3), List.of(2), List.of(1)));
                // Another unit of the same layer is the same pass with other seeds.
                Target unit = Target.activation(new Unit(1, round % 4, 3, round % 3));
                add(results, explainer.explain(images, Target.predicted()));
                add(results, explainer.explain(images, each));
                add(results, explainer.explain(images, Target.all(), Detail.CHANNELS));
                add(results, explainer.explain(images, Target.topK(2), new Detail(1, true)));
                add(results, explainer.explain(images, unit));
                results.add(new Evaluator(net, 0).logits(images.values(0, 3), images.shape()));
            }
            return results;
        });
    }

    private static void add(List<float[]> results, Explanation explanation) {
        assertTrue(explanation.identityHolds());
        float[] logits = new float[explanation.logits().remaining()];
        explanation.logits().get(logits);
        results.add(logits);
        float[] maps = new float[explanation.contributions().remaining()];
        explanation.contributions().get(maps);
        results.add(maps);
        List<Integer> classes = new ArrayList<>();
        for (int n = 0; n < explanation.images(); n++) {
            classes.addAll(explanation.classes(n));
            results.add(new float[] {explanation.value(n, 0)});
        }
        float[] numbers = new float[classes.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = classes.get(i);
        }
        results.add(numbers);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void explanationsAfterEachChangeOfTheWeights(String name) {
        assertSameBitsAsEagerly(name, 1, net -> {
            Explainer explainer = new Explainer(net);
            List<float[]> results = new ArrayList<>();
            for (int seed = 0; seed < 4; seed++) {
                try (Scope other = Scope.open("other weights");
                        CodaNet fresh = CodaNet.create(net.config(), LossKind.BCE, net.device(), other, seed)) {
                    net.setWeights(fresh.weights());
                }
                add(results, explainer.explain(Toys.batch(1, 1), Target.predicted()));
            }
            return results;
        });
    }

    @ParameterizedTest
    @MethodSource("devicesAndLambdas")
    void trainingWithAnEvaluationAfterEachEpoch(String name, double lambda) {
        assertSameBitsAsEagerly(name, 1, net -> train(net, lambda));
    }

    /** Three epochs of batches of 4, 4 and 3 images, with an update after every second batch. */
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

    @ParameterizedTest
    @MethodSource("devices")
    void trainingWithRandAugment(String name) {
        assertSameBitsAsEagerly(name, 1, net -> AugmentedTraining.train(net, AugmentedTraining.recipe(2), false));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void moreBatchSizesThanTheCacheHolds(String name) {
        assertSameBitsAsEagerly(name, 8, net -> {
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
    void withAMemoryBudgetOnlyOnePassIsKept(String name) {
        assertSameBitsAsEagerly(name, 1, net -> {
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
}
