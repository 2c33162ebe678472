package org.codanet.model;

import static org.codanet.testing.Near.assertNear;
import static org.codanet.testing.Near.channelsFirst;
import static org.codanet.testing.Near.doubles;
import static org.codanet.testing.TestDevices.values;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.file.NamedTensors;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares whole networks with the authors' code in float64: outputs, loss, every gradient, every contribution. All shapes and counts come
 * from the files.
 */
final class GoldenNetTest {
    /** Tolerance for float32 arithmetic, relative to the largest value of each tensor. */
    private static final double FLOAT32 = 1e-5;

    static Stream<Arguments> nets() {
        return TestDevices.with(GoldenFolder.ofKind("net"));
    }

    @ParameterizedTest
    @MethodSource("nets")
    void outputsLossAndGradientsAgreeWithTheAuthorsCode(String deviceName, GoldenFile file) {
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = CodaNet.of(file.network(), LossKind.valueOf(file.text("loss")), file.weights(), device, run);
            net.forTraining();
            Tensor input = net.input(file.floats("images"), shape(file, "images"), run);
            NetPass pass = net.forward(input, Purpose.TRAINING, run);
            assertNear("logits", file.doubles("logits"), doubles(values(device, pass.logits())), FLOAT32);
            for (int i = 0; i < pass.layers().size(); i++) {
                Tensor output = pass.layers().activation(i + 1);
                assertNear("layer_output." + i, file.floats("layer_output." + i), planes(device, output), FLOAT32);
            }
            Tensor evidence = device.allocate(run, pass.logits().shape());
            net.evidence(pass, evidence);
            assertNear("evidence", file.doubles("evidence"), doubles(values(device, evidence)), FLOAT32);

            Tensor dLogits = device.allocate(run, pass.logits().shape());
            assertNear(
                    "loss", file.doubles("loss"), new double[] {loss(net, file, pass.logits(), dLogits, run)}, FLOAT32);
            Tensor dInput = device.allocate(run, input.shape());
            net.backward(pass, dLogits, dInput, run);
            assertNear("grad_input", file.floats("grad_input"), planes(device, dInput), FLOAT32);
            NamedTensors gradients = NetWeights.download(net, Parameter::gradient);
            assertEquals(file.stateKeys(), List.copyOf(gradients.names()));
            for (String key : file.stateKeys()) {
                assertNear(
                        "grad." + key,
                        file.floats("grad." + key),
                        gradients.get(key).toFloats(),
                        FLOAT32);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("nets")
    void theGradientOfTheInputNeedsNoGradientsOfTheWeights(String deviceName, GoldenFile file) {
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = CodaNet.of(file.network(), LossKind.valueOf(file.text("loss")), file.weights(), device, run);
            Tensor input = net.input(file.floats("images"), shape(file, "images"), run);
            NetPass pass = net.forward(input, Purpose.TRAINING, run);
            Tensor dLogits = device.allocate(run, pass.logits().shape());
            loss(net, file, pass.logits(), dLogits, run);
            Tensor dInput = device.allocate(run, input.shape());
            net.inputGradient(pass, dLogits, dInput, run);
            assertNear("grad_input", file.floats("grad_input"), planes(device, dInput), FLOAT32);
        }
    }

    @ParameterizedTest
    @MethodSource("nets")
    void contributionsAgreeWithTheAuthorsCodeAndAddUpToTheLogits(String deviceName, GoldenFile file) {
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = CodaNet.of(file.network(), LossKind.valueOf(file.text("loss")), file.weights(), device, run);
            Explanation explanation = new Explainer(net).explain(images(file), Target.all(), Detail.CHANNELS);
            float[] contributions = new float[file.tensor("contributions").count()];
            explanation.channelContributions().get(contributions);
            assertNear("contributions", file.floats("contributions"), contributions, FLOAT32);
            assertTrue(explanation.identityHolds(), "identity");
        }
    }

    static double loss(CodaNet net, GoldenFile file, Tensor logits, Tensor dLogits, Scope scope) {
        Device device = net.device();
        Tensor labels = device.allocate(scope, Shape.of(logits.shape().extent(0)));
        device.upload(file.floats("targets"), labels);
        Tensor loss = device.allocate(scope, Shape.of(1));
        device.loss(scope, net.loss()).forward(logits, labels, 1, loss, dLogits);
        return values(device, loss)[0];
    }

    static ImageBatch images(GoldenFile file) {
        List<Integer> s = file.shape("images");
        return ImageBatch.of(file.floats("images"), s.get(0), s.get(1), s.get(2), s.get(3));
    }

    private static float[] planes(Device device, Tensor tensor) {
        Shape s = tensor.shape();
        return channelsFirst(values(device, tensor), s.extent(0), s.extent(1), s.extent(2), s.extent(3));
    }

    static Shape shape(GoldenFile file, String name) {
        return Shape.of(file.shape(name).stream().mapToInt(Integer::intValue).toArray());
    }
}
