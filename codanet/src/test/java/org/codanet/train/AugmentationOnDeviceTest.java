package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.NetInput;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.testing.AugmentedTraining;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Training images go to the device as bytes, and are divided, cropped, flipped and augmented there. */
final class AugmentationOnDeviceTest {
    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    static Stream<Arguments> devicesAndOperations() {
        return TestDevices.with(Stream.of(0, 3));
    }

    @ParameterizedTest
    @MethodSource("devicesAndOperations")
    void trainingOnBytesGivesTheBitsOfTrainingOnFloats(String name, int operations) {
        TrainingRecipe recipe = AugmentedTraining.recipe(operations);
        assertSameBits(train(name, recipe, true), train(name, recipe, false));
    }

    private static List<float[]> train(String name, TrainingRecipe recipe, boolean inFloats) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("train");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            return AugmentedTraining.train(net, recipe, inFloats);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void randAugmentGivesTheNetworkTheSameInputOnEveryDevice(String name) {
        assertSameBits(inputs(TestDevices.REFERENCE), inputs(name));
    }

    private static List<float[]> inputs(String name) {
        List<float[]> inputs = new ArrayList<>();
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("inputs");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3);
                BatchSource.Batches batches =
                        AugmentedTraining.images(AugmentedTraining.recipe(3)).batches(1, 0)) {
            while (batches.hasNext()) {
                RawImages images = batches.next().images();
                assertInstanceOf(RawImages.Bytes.class, images);
                try (Scope own = run.child("batch")) {
                    NetInput input = new NetInput(net, images.form(), own);
                    input.upload(images);
                    inputs.add(TestDevices.values(device, input.write(own)));
                }
            }
        }
        return inputs;
    }

    private static void assertSameBits(List<float[]> expected, List<float[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
        }
    }
}
