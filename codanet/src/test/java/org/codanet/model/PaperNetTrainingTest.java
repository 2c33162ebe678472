package org.codanet.model;

import static org.codanet.testing.Near.assertNear;
import static org.codanet.testing.Near.doubles;
import static org.codanet.testing.TestDevices.values;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.codanet.file.NamedTensors;
import org.codanet.golden.GoldenFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the logits, layer outputs, loss and gradients of the {@link PaperNets} with the authors' code. */
final class PaperNetTrainingTest {
    /** Tolerance for float32 arithmetic, relative to the largest value of each tensor. */
    private static final double FLOAT32 = 1e-5;

    @ParameterizedTest
    @MethodSource("org.codanet.model.PaperNets#onEachDevice")
    void outputsLossAndGradientsAgreeWithTheAuthorsCode(String deviceName, GoldenFile file) {
        PaperNets.require(file);
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = PaperNets.create(file, device, run);
            net.forTraining();
            Tensor input = net.input(file.floats("images"), GoldenNetTest.shape(file, "images"), run);
            NetPass pass = net.forward(input, Purpose.TRAINING, run);
            assertNear("logits", file.doubles("logits"), doubles(values(device, pass.logits())), FLOAT32);
            double[] layerNorms = new double[pass.layers().size()];
            for (int i = 0; i < layerNorms.length; i++) {
                layerNorms[i] = norm(values(device, pass.layers().activation(i + 1)));
            }
            assertEachNear("layer_norms", file.doubles("layer_norms"), layerNorms);
            Tensor dLogits = device.allocate(run, pass.logits().shape());
            double loss = GoldenNetTest.loss(net, file, pass.logits(), dLogits, run);
            assertNear("loss", file.doubles("loss"), new double[] {loss}, FLOAT32);
            net.backward(pass, dLogits, null, run);
            NamedTensors gradients = NetWeights.download(net, Parameter::gradient);
            double[] norms = file.stateKeys().stream()
                    .mapToDouble(key -> norm(gradients.get(key).toFloats()))
                    .toArray();
            assertEachNear("grad_norms", file.doubles("grad_norms"), norms);
        }
    }

    /** Relative to each number, because the norms of the layers differ by orders of magnitude. */
    private static void assertEachNear(String what, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertNear(what + " " + i, new double[] {expected[i]}, new double[] {actual[i]}, PaperNets.DEEP);
        }
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum);
    }
}
