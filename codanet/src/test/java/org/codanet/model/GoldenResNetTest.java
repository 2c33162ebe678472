package org.codanet.model;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.file.TensorData;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenResNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares predictions and training steps of ResNets with PyTorch in float64, on every device. */
final class GoldenResNetTest {
    private static final double FLOAT32 = 1e-4;

    @TempDir
    private Path folder;

    static Stream<Arguments> networks() {
        return TestDevices.with(GoldenResNet.all());
    }

    @ParameterizedTest
    @MethodSource("networks")
    void logitsAreThoseOfPyTorchAndSurviveAModelFile(String deviceName, GoldenResNet golden) throws Exception {
        Path file = folder.resolve("net.safetensors");
        golden.model().write(file);
        ModelFile read = ModelFile.read(file);
        assertEquals(golden.model().config(), read.config());
        RawImages.Floats images = golden.images(golden.file().has("logit_images") ? "logit_images" : "images");
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden");
                Network net = Networks.load(read, device, scope)) {
            float[] logits = new Evaluator(net, 0).logits(images);
            assertNear("logits", golden.file().floats("logits"), logits, FLOAT32);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void aTrainingStepIsThatOfPyTorch(String deviceName, GoldenResNet golden) {
        GoldenFile file = golden.file();
        if (!file.has("train_loss")) {
            return;
        }
        RawImages.Floats images = golden.images("images");
        try (Device device = TestDevices.open(deviceName);
                Scope scope = Scope.open("golden")) {
            ResNet net = golden.open(device, scope);
            net.forTraining();
            NetPass pass = net.forward(net.input(images.values(), images.shape(), scope), Purpose.TRAINING, scope);
            Loss operation = device.loss(scope, LossKind.CE);
            Tensor labels = device.allocate(scope, Shape.of(images.count()));
            device.upload(file.floats("labels"), labels);
            Tensor loss = device.allocate(scope, Shape.of(1));
            Tensor dLogits = device.allocate(scope, pass.logits().shape());
            operation.forward(pass.logits(), labels, 1, loss, dLogits);
            net.backward(pass, dLogits, null, scope);
            assertNear("logits", file.floats("train_logits"), TestDevices.values(device, pass.logits()), FLOAT32);
            assertNear("loss", file.floats("train_loss"), TestDevices.values(device, loss), FLOAT32);
            Map<String, float[]> gradients =
                    floats(NetWeights.download(net, Parameter::gradient).tensors());
            Map<String, float[]> weights = floats(net.weights().tensors());
            int compared = 0;
            for (String name : file.content().names()) {
                if (name.startsWith("train_grad.")) {
                    // Relative to the largest gradient of the network: sums over few images cancel.
                    assertGradient(name, file.floats(name), gradients.get(name.substring("train_grad.".length())));
                    compared++;
                } else if (name.startsWith("train_stat.")) {
                    assertNear(name, file.floats(name), weights.get(name.substring("train_stat.".length())), FLOAT32);
                    compared++;
                }
            }
            assertEquals(golden.model().config().parameterShapes().size(), compared);
        }
    }

    private static void assertGradient(String what, float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-4, what + " " + i);
        }
    }

    private static Map<String, float[]> floats(Map<String, TensorData> tensors) {
        Map<String, float[]> values = new HashMap<>();
        tensors.forEach((name, tensor) -> values.put(name, tensor.toFloats()));
        return values;
    }
}
