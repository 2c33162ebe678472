package org.codanet.train;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.codanet.file.NamedTensors;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.Optimiser;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares training with PyTorch in float64, step by step: losses, norms, when the optimiser steps, and all weights after each step. */
final class GoldenTrainTest {
    /** Tolerance for float32 arithmetic over six updates, relative to the largest value of each weight array, and to each loss and norm. */
    private static final double FLOAT32 = 1e-5;

    static Stream<Arguments> runs() {
        return TestDevices.with(GoldenFolder.ofKind("train"));
    }

    static Stream<GoldenFile> files() {
        return GoldenFolder.ofKind("train");
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyUpdateGivesTheSameWeights(String deviceName, GoldenFile file) {
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = CodaNet.of(file.network(), LossKind.valueOf(file.text("loss")), file.weights(), device, run);
            TrainingRecipe recipe = recipe(file);
            List<Double> losses = new ArrayList<>();
            List<Double> norms = new ArrayList<>();
            List<Long> stepped = new ArrayList<>();
            try (TrainingStep step = new TrainingStep(net, recipe, run, 0)) {
                float[] images = file.floats("images");
                Shape all = Shape.of(file.shape("images").stream()
                        .mapToInt(Integer::intValue)
                        .toArray());
                int micros = all.extent(0);
                Shape shape = Shape.of(all.extent(1), all.extent(2), all.extent(3), all.extent(4));
                int length = images.length / micros;
                long[] targets = file.longs("targets");
                for (int i = 0; i < micros; i++) {
                    List<Integer> labels = Arrays.stream(targets, i * shape.extent(0), (i + 1) * shape.extent(0))
                            .mapToObj(Math::toIntExact)
                            .toList();
                    float[] some = Arrays.copyOfRange(images, i * length, (i + 1) * length);
                    losses.add(step.accumulate(some, shape, labels, 0).loss());
                    boolean due = recipe.accumulation()
                            .stepsAfter((long) i * shape.extent(0), shape.extent(0), recipe.virtualBatch());
                    stepped.add(due ? 1L : 0L);
                    if (due) {
                        norms.add(step.update(file.number("lr")));
                        requireWeights(file, "step" + step.updates() + ".", net.weights());
                    }
                }
            }
            assertEach("micro_loss", file.doubles("micro_loss"), losses);
            assertEquals(Arrays.stream(file.longs("stepped")).boxed().toList(), stepped);
            assertEach("grad_norm", file.doubles("grad_norm"), norms);
            double bound = recipe.optimiser().maxNorm();
            List<Double> clipped = norms.stream()
                    .map(norm -> bound > 0 ? norm * Math.min(1, bound / (norm + 1e-6)) : norm)
                    .toList();
            assertEach("grad_norm_clipped", file.doubles("grad_norm_clipped"), clipped);
        }
    }

    private static void requireWeights(GoldenFile file, String prefix, NamedTensors weights) {
        for (String key : file.stateKeys()) {
            assertNear(prefix + key, file.floats(prefix + key), weights.get(key).toFloats(), FLOAT32);
        }
    }

    private static void assertEach(String what, double[] expected, List<Double> actual) {
        assertEquals(expected.length, actual.size(), what);
        for (int i = 0; i < expected.length; i++) {
            assertNear(what + " " + i, new double[] {expected[i]}, new double[] {actual.get(i)}, FLOAT32);
        }
    }

    private static TrainingRecipe recipe(GoldenFile file) {
        var betas = file.config().getAsJsonArray("betas");
        var clipping = file.config().get("gradient_clipping");
        return new TrainingRecipe(
                LossKind.valueOf(file.text("loss")),
                1,
                file.integer("batch_size"),
                file.integer("virtual_batch_size"),
                Accumulation.valueOf(file.text("accumulation").toUpperCase(Locale.ROOT)),
                new LearningRate.Constant(file.number("lr")),
                new Optimiser(
                        betas.get(0).getAsDouble(),
                        betas.get(1).getAsDouble(),
                        file.number("eps"),
                        file.number("weight_decay"),
                        clipping == null || clipping.isJsonNull() ? 0 : clipping.getAsDouble()),
                0,
                AugmentationRecipe.NONE);
    }
}
