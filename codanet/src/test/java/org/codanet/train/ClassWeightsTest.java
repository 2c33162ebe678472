package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.MemoryImages;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNet;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.Near;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ClassWeightsTest {
    private static final TrainingRecipe RECIPE = TrainingRecipe.of(LossKind.BCE, 1, 4, new LearningRate.Constant(1e-3));

    @TempDir
    private Path folder;

    /** Images of one pixel, with the class names and labels that are given. */
    private static ImageDataset images(List<String> names, int... labels) {
        return MemoryImages.of("pixels", names, 1, 1, 1, new byte[labels.length], labels);
    }

    @Test
    void balancedWeightsGiveEveryClassTheSameShare() {
        List<String> names = List.of("cat", "dog", "yak", "none");
        assertEquals(
                List.of(6 / (3.0 * 3), 6 / (3.0 * 2), 6 / (3.0 * 1), 0.0),
                ClassWeights.balanced(images(names, 0, 0, 0, 1, 1, 2)));
        assertEquals(List.of(1.0, 1.0), ClassWeights.balanced(images(List.of("a", "b"), 1, 0)));
    }

    @Test
    void weightsAreANumberForEachClassOrAFileWithTheNames() throws IOException {
        ImageDataset data = images(List.of("cat", "dog, large"), 0, 1);
        assertEquals(List.of(1.0, 0.25), ClassWeights.parse("1, 2.5e-1", data));
        Path file = folder.resolve("weights.json");
        Files.writeString(file, "{\"dog, large\": 3, \"cat\": 0.5}");
        assertEquals(List.of(0.5, 3.0), ClassWeights.parse(file.toString(), data));
        String count = assertThrows(IllegalArgumentException.class, () -> ClassWeights.parse("1,2,3", data))
                .getMessage();
        assertTrue(count.contains("pixels has 2 classes, but there are 3 weights"), count);
        Files.writeString(file, "{\"cat\": 0.5}");
        String missing = assertThrows(FileFormatException.class, () -> ClassWeights.parse(file.toString(), data))
                .getMessage();
        assertTrue(missing.startsWith(file.toString()) && missing.contains("dog, large is missing"), missing);
        Files.writeString(file, "{\"cat\": 0.5, \"dog, large\": 1, \"yak\": 2}");
        String unknown = assertThrows(FileFormatException.class, () -> ClassWeights.parse(file.toString(), data))
                .getMessage();
        assertTrue(unknown.contains("unknown yak"), unknown);
        assertThrows(IOException.class, () -> ClassWeights.parse("balancd", data));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1, -2     | a class weight is -2.0
            1, NaN    | a class weight is NaN
            1, 1e39   | a class weight is 1.0E39
            0, 0      | all class weights are 0
            """)
    void wrongWeightsAreRefused(String weights, String reason) {
        List<Double> numbers =
                Arrays.stream(weights.split(",")).map(Double::valueOf).toList();
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> RECIPE.toBuilder().classWeights(numbers).build())
                .getMessage();
        assertTrue(message.contains(reason), message);
    }

    @Test
    void weightsForAnotherNumberOfClassesAreRefused() {
        TrainingRecipe two = RECIPE.toBuilder().classWeights(List.of(1.0, 2.0)).build();
        String message = assertThrows(
                        IllegalArgumentException.class, () -> Trainer.requireTrainable(two, Toys.network(), 10))
                .getMessage();
        assertTrue(message.contains("2 class weights, but the network has 3 classes"), message);
    }

    @Test
    void recipesKeepThem() {
        TrainingRecipe weighted =
                RECIPE.toBuilder().classWeights(List.of(1.0, 1 / 3.0, 0.0)).build();
        assertEquals(weighted, TrainingRecipe.fromJson(weighted.toJson()));
        assertEquals(weighted, weighted.toBuilder().build());
        assertTrue(!RECIPE.toJson().contains("class_weights"), "recipes without weights are written as before");
    }

    static Stream<Arguments> devicesAndLosses() {
        return TestDevices.with(Stream.of(LossKind.values()));
    }

    /**
     * Images of weight 0 add nothing, so the gradient is that of the other image alone, times its weight and its share of the batch.
     * Three rounds, because a device that captures passes runs the first two eagerly.
     */
    @ParameterizedTest
    @MethodSource("devicesAndLosses")
    void aStepMultipliesTheLossOfEachImage(String name, LossKind loss) {
        ImageBatch images = Toys.batch(4, 3);
        List<Integer> labels = List.of(0, 1, 2, 0);
        TrainingRecipe plain = RECIPE.toBuilder().loss(loss).build();
        TrainingRecipe weighted =
                plain.toBuilder().classWeights(List.of(0.0, 2.5, 0.0)).build();
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("weights");
                CodaNet net = CodaNet.create(Toys.network(), loss, device, run, 7)) {
            net.forTraining();
            List<List<float[]>> expected = new ArrayList<>();
            List<Double> losses = new ArrayList<>();
            try (TrainingStep step = new TrainingStep(net, plain, run, 0)) {
                Shape one = Shape.of(1, 3, Toys.SIZE, Toys.SIZE);
                losses.add(
                        step.accumulate(images.values(1, 1), one, List.of(1), 0).loss());
                expected.add(gradients(net));
                step.dropGradients();
            }
            try (TrainingStep step = new TrainingStep(net, weighted, run, 0)) {
                for (int round = 0; round < 3; round++) {
                    double actual = step.accumulate(images.values(0, 4), images.shape(), labels, round)
                            .loss();
                    assertEquals(2.5 * losses.getFirst() / 4, actual, 1e-6);
                    List<float[]> gradients = gradients(net);
                    for (int p = 0; p < gradients.size(); p++) {
                        float[] times = expected.getFirst().get(p).clone();
                        for (int i = 0; i < times.length; i++) {
                            times[i] *= 2.5f;
                        }
                        Near.assertNear("parameter " + p, times, gradients.get(p), 1e-5);
                    }
                    step.dropGradients();
                }
            }
        }
    }

    /** The checkpoint has the recipe with the weights, so a run with other weights is another run. */
    @Test
    void aRunWithOtherWeightsIsNotResumed() throws IOException {
        TrainingRecipe weighted =
                RECIPE.toBuilder().classWeights(Collections.nCopies(3, 2.0)).build();
        train(weighted, false);
        train(weighted, true);
        String message =
                assertThrows(TrainingException.class, () -> train(RECIPE, true)).getMessage();
        assertTrue(message.contains("class_weights"), message);
    }

    private void train(TrainingRecipe recipe, boolean resume) throws IOException {
        try (Device device = TestDevices.open(TestDevices.names().getFirst());
                Scope run = Scope.open("run");
                CodaNet net = CodaNet.create(Toys.network(), recipe.loss(), device, run, 3)) {
            new Trainer(
                            net,
                            recipe,
                            new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0),
                            Toys.images(11, 4, 1),
                            Toys.images(4, 4, 2),
                            new Trainer.Options(3, folder.resolve("run"), resume, 0, 0, 0),
                            TrainingListener.NONE)
                    .train();
        }
    }

    private static List<float[]> gradients(CodaNet net) {
        return net.parameters().stream()
                .map(Parameter::gradient)
                .map(gradient -> TestDevices.values(net.device(), gradient))
                .toList();
    }
}
