package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.codanet.model.CodaNet;
import org.codanet.model.NetPass;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LinearMapRegulariserTest {
    private static final int IMAGES = 2;

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    /**
     * Finite differences along random directions through all weights at once. The step is small, so that few entries of W change sign, but
     * large enough that float32 rounding does not hide the difference. The remaining error is 1 % of the gradient's length.
     */
    @ParameterizedTest
    @MethodSource("devices")
    void theGradientAgreesWithFiniteDifferences(String name) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("regulariser")) {
            CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 7);
            net.forTraining();
            float[] classes = {0, 2, 1, 0};
            List<float[]> values = values(net, Parameter::value);
            value(net, classes);
            List<float[]> gradients = values(net, Parameter::gradient);
            double length = 0;
            for (float[] gradient : gradients) {
                for (float g : gradient) {
                    length += (double) g * g;
                }
            }
            length = Math.sqrt(length);
            SplittableRandom random = new SplittableRandom(11);
            for (int trial = 0; trial < 3; trial++) {
                List<float[]> direction = new ArrayList<>();
                double slope = 0;
                for (float[] gradient : gradients) {
                    float[] d = new float[gradient.length];
                    for (int i = 0; i < d.length; i++) {
                        d[i] = random.nextBoolean() ? 1 : -1;
                        slope += (double) d[i] * gradient[i];
                    }
                    direction.add(d);
                }
                double step = 1e-4;
                move(net, values, direction, step);
                double above = value(net, classes);
                move(net, values, direction, -step);
                double below = value(net, classes);
                double measured = (above - below) / (2 * step);
                assertEquals(measured, slope, 2e-2 * length, "trial " + trial);
            }
        }
    }

    @Test
    void theOtherClassIsNeverTheLabelAndFollowsFromTheSeed() {
        List<Integer> labels = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        for (long seed = 0; seed < 50; seed++) {
            List<Integer> others = OtherClass.draw(labels, 10, seed);
            for (int i = 0; i < labels.size(); i++) {
                assertNotEquals(labels.get(i), others.get(i));
            }
            assertEquals(others, OtherClass.draw(labels, 10, seed));
        }
        assertNotEquals(OtherClass.draw(labels, 10, 1), OtherClass.draw(labels, 10, 2));
    }

    private static double value(CodaNet net, float[] classes) {
        Device device = net.device();
        try (Scope scope = Scope.open("value")) {
            var images = Toys.batch(IMAGES, 5);
            Tensor input = net.input(images.values(0, IMAGES), images.shape(), scope);
            NetPass pass = net.forward(input, Purpose.TRAINING, scope);
            Tensor dLogits = device.allocate(scope, pass.logits().shape());
            device.elementwise().fill(dLogits, 0);
            Tensor targets = device.allocate(scope, Shape.of(IMAGES, 2));
            device.upload(classes, targets);
            Tensor sums = device.allocate(scope, Shape.of(2));
            net.regularisedBackward(pass, dLogits, targets, 1, sums, scope);
            return Sequential.penalty(input.shape(), 1, TestDevices.values(device, sums));
        }
    }

    private static List<float[]> values(CodaNet net, Function<Parameter, Tensor> which) {
        return net.parameters().stream()
                .map(p -> TestDevices.values(net.device(), which.apply(p)))
                .toList();
    }

    private static void move(CodaNet net, List<float[]> from, List<float[]> direction, double step) {
        for (int p = 0; p < from.size(); p++) {
            float[] moved = from.get(p).clone();
            for (int i = 0; i < moved.length; i++) {
                moved[i] += (float) step * direction.get(p)[i];
            }
            net.device().upload(moved, net.parameters().get(p).value());
        }
        net.weightsChanged();
    }
}
