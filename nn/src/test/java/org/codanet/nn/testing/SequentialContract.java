package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.codanet.nn.counting.CountingDevice;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.ConvolutionLayer;
import org.codanet.nn.layer.Initialisation;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Pass;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** What a stack of layers promises, on every device. */
public abstract class SequentialContract extends OperationContract {
    /** Allows for the rounding of four layers and their norms. */
    @Override
    protected double tolerance() {
        return 4e-5;
    }

    /**
     * Largest allowed difference between the results of one target in groups of different sizes, for which the device reports the same
     * form. It is 0 unless a vendor's library selects the kernels.
     */
    protected double groupTolerance() {
        return 0;
    }

    private static float[] input() {
        return Values.uniform(41, SmallNet.INPUT);
    }

    private static float[] upper(Shape shape) {
        return Values.uniform(43, shape);
    }

    private static Tensor input(Workplace place) {
        return place.input(SmallNet.INPUT, input());
    }

    private static Tensor seed(Workplace place, Sequential net, int first, int second) {
        Shape out = net.outputShape(SmallNet.INPUT);
        Tensor seed = place.output(AlignmentRun.withTargets(out, 1));
        place.device()
                .sumPool(place.scope())
                .seed(place.input(Shape.of(2, 1), new float[] {first, second}), 0, 2, seed);
        return seed;
    }

    /** Output, penalty (if there is one), gradient of the input, then gradients of all parameters. */
    private static List<float[]> train(Workplace place, double lambda) {
        Sequential net = SmallNet.create(place.device(), place.scope());
        net.prepare(Purpose.TRAINING);
        Tensor x = input(place);
        List<float[]> results = new ArrayList<>();
        try (Scope step = place.scope().child("step")) {
            Passes passes = net.forward(x, Purpose.TRAINING, step);
            results.add(place.read(passes.output()));
            Tensor dOut =
                    place.input(passes.output().shape(), upper(passes.output().shape()));
            Tensor dIn = place.output(SmallNet.INPUT);
            if (lambda == 0) {
                net.backward(passes, dOut, dIn, step);
            } else {
                Tensor sums = place.output(Shape.of(2));
                List<Tensor> seeds = List.of(seed(place, net, 0, 2), seed(place, net, 1, 1));
                net.regularisedBackward(passes, dOut, seeds, lambda, dIn, sums, step);
                results.add(new float[] {(float) Sequential.penalty(SmallNet.INPUT, lambda, place.read(sums))});
            }
            results.add(place.read(dIn));
        }
        for (Parameter parameter : net.parameters()) {
            results.add(place.read(parameter.gradient()));
        }
        return results;
    }

    @Test
    void trainingAgreesWithTheReference() {
        for (double lambda : new double[] {0, 0.7}) {
            try (Workplace place = place();
                    Workplace reference = reference()) {
                List<float[]> expected = train(reference, lambda);
                List<float[]> actual = train(place, lambda);
                for (int i = 0; i < expected.size(); i++) {
                    assertClose("lambda " + lambda + ", result " + i, expected.get(i), actual.get(i));
                }
            }
        }
    }

    @Test
    void theGradientOfTheInputAloneHasTheSameBitsAndLeavesTheWeightsGradientsAlone() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.TRAINING);
            Passes passes = net.forward(input(place), Purpose.TRAINING, place.scope());
            Tensor dOut =
                    place.input(passes.output().shape(), upper(passes.output().shape()));
            Tensor alone = place.output(SmallNet.INPUT);
            net.inputGradient(passes, dOut, alone, place.scope());
            for (Parameter parameter : net.parameters()) {
                float[] gradient = place.read(parameter.gradient());
                assertArrayEquals(new float[gradient.length], gradient, parameter.name());
            }
            Tensor dIn = place.output(SmallNet.INPUT);
            net.backward(passes, dOut, dIn, place.scope());
            assertArrayEquals(place.read(dIn), place.read(alone));
        }
    }

    @Test
    void theGradientOfTheInputMayBeLeftOut() {
        try (Workplace place = place()) {
            List<float[]> with = train(place, 0);
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.TRAINING);
            Passes passes = net.forward(input(place), Purpose.TRAINING, place.scope());
            Tensor dOut =
                    place.input(passes.output().shape(), upper(passes.output().shape()));
            net.backward(passes, dOut, null, place.scope());
            assertClose(
                    "a gradient",
                    with.getLast(),
                    place.read(net.parameters().getLast().gradient()));
            Tensor sums = place.output(Shape.of(1));
            net.regularisedBackward(passes, dOut, List.of(seed(place, net, 0, 2)), 0.1, null, sums, place.scope());
        }
    }

    @Test
    void contributionsOfEveryActivationSumToTheOutput() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.EXPLANATION);
            Passes passes = net.forward(input(place), Purpose.EXPLANATION, place.scope());
            Tensor seed = seed(place, net, 2, 0);
            double evidence = Values.product(place.read(passes.output()), place.read(seed));
            for (int i = 0; i < passes.size(); i++) {
                Tensor map = net.backProject(passes, passes.size(), seed, i, place.scope());
                float[] activation = place.read(passes.activation(i));
                float[] weights = place.read(map);
                assertEquals(
                        evidence,
                        Values.product(activation, weights),
                        tolerance() * Values.absoluteProduct(activation, weights),
                        "activation " + i);
            }
        }
    }

    @Test
    void backProjectionCanBeSplitAtAnyLayer() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.EXPLANATION);
            Passes passes = net.forward(input(place), Purpose.EXPLANATION, place.scope());
            Shape many = AlignmentRun.withTargets(passes.output().shape(), 3);
            Tensor dOut = place.input(many, Values.uniform(47, many));
            float[] whole = place.read(net.backProject(passes, dOut, place.scope()));
            Tensor middle = net.backProject(passes, 4, dOut, 2, place.scope());
            assertEquals(AlignmentRun.withTargets(passes.activation(2).shape(), 3), middle.shape());
            assertArrayEquals(whole, place.read(net.backProject(passes, 2, middle, 0, place.scope())));
            assertThrows(IllegalArgumentException.class, () -> net.backProject(passes, 2, middle, 2, place.scope()));
            assertThrows(IllegalArgumentException.class, () -> net.backProject(passes, 5, dOut, 0, place.scope()));
            assertThrows(IllegalArgumentException.class, () -> net.backProject(passes, 4, middle, 0, place.scope()));
        }
    }

    @Test
    void groupsOfUniformTargetsGiveTheBitsOfAllTargetsTogether() {
        int targets = 12;
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.EXPLANATION);
            Shape in = SmallNet.INPUT.withFirst(1);
            Tensor x = place.input(in, Values.uniform(41, in));
            Passes passes = net.forward(x, Purpose.EXPLANATION, place.scope());
            Shape out = AlignmentRun.withTargets(passes.output().shape(), targets);
            float[] dOut = Values.uniform(47, out);
            float[] together = place.read(net.backProject(passes, place.input(out, dOut), place.scope()));
            int least = net.minUniformTargets(targets);
            assertTrue(least >= 1 && least <= targets, "smallest group: " + least);
            for (int group = least; group < targets; group++) {
                Shape part = AlignmentRun.withTargets(passes.output().shape(), group);
                Tensor first = place.input(part, Arrays.copyOf(dOut, Math.toIntExact(part.elements())));
                float[] alone = place.read(net.backProject(passes, first, place.scope()));
                Close.to(
                        group + " of " + targets + " targets",
                        Arrays.copyOf(together, alone.length),
                        alone,
                        groupTolerance());
            }
        }
    }

    @Test
    void inferenceGivesTheSameOutputAndKeepsNothingElse() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.TRAINING);
            Tensor x = input(place);
            float[] expected =
                    place.read(net.forward(x, Purpose.TRAINING, place.scope()).output());
            int before = place.device().memory().tensors();
            assertClose("output", expected, place.read(net.infer(x, place.scope())));
            assertEquals(before + 1, place.device().memory().tensors());
        }
    }

    @Test
    void gradientsOfActivationsAreFreed() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.TRAINING);
            Passes passes = net.forward(input(place), Purpose.TRAINING, place.scope());
            Tensor dOut =
                    place.input(passes.output().shape(), upper(passes.output().shape()));
            Tensor seed = seed(place, net, 0, 1);
            Tensor sums = place.output(Shape.of(1));
            int before = place.device().memory().tensors();
            int owned = place.scope().live();
            net.backward(passes, dOut, null, place.scope());
            net.regularisedBackward(passes, dOut, List.of(seed), 1, null, sums, place.scope());
            assertEquals(before, place.device().memory().tensors());
            assertEquals(owned, place.scope().live());
        }
    }

    @Test
    void theFirstLayerWhoseOutputIsNotFiniteIsNamed() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            net.prepare(Purpose.TRAINING);
            Tensor x = input(place);
            assertEquals(Optional.empty(), net.firstNonFinite(net.forward(x, Purpose.INFERENCE, place.scope())));
            Parameter spoilt = net.layers().get(2).parameters().getFirst();
            place.device().elementwise().fill(spoilt.value(), Float.NaN);
            net.prepare(Purpose.TRAINING);
            Passes passes = net.forward(x, Purpose.INFERENCE, place.scope());
            assertEquals(Optional.of(net.layers().get(2).name()), net.firstNonFinite(passes));
        }
    }

    @Test
    void aPassTakesTheBytesThatACountingDeviceCounts() {
        try (Workplace place = place();
                CountingDevice counting = new CountingDevice(place.device())) {
            long counted = bytesOfAPass(counting, place.scope());
            assertTrue(counted > 0, "counted " + counted);
            assertEquals(counted, bytesOfAPass(place.device(), place.scope()));
        }
    }

    /** Bytes of outputs and forward states, which are freed when their scope is closed. Workspaces are not freed. */
    private static long bytesOfAPass(Device device, Scope owner) {
        try (Scope own = owner.child("network")) {
            Sequential net = SmallNet.create(device, own);
            net.prepare(Purpose.TRAINING);
            Tensor x = device.allocate(own, SmallNet.INPUT);
            device.upload(input(), x);
            long full;
            try (Scope step = own.child("step")) {
                net.forward(x, Purpose.TRAINING, step);
                full = device.memory().live();
            }
            return full - device.memory().live();
        }
    }

    @Test
    void aLayerWhoseInputDoesNotFitIsNamed() {
        try (Workplace place = place()) {
            Sequential net = SmallNet.create(place.device(), place.scope());
            String message = assertThrows(IllegalArgumentException.class, () -> net.outputShape(Shape.of(1, 6, 5, 3)))
                    .getMessage();
            assertTrue(message.contains("0 convolution"), message);
        }
    }

    @Test
    void initialValuesAreSeededAndBounded() {
        Shape shape = Shape.of(3, 3, 2, 50);
        float[][] drawn = new float[3][];
        try (Workplace place = place()) {
            Device device = place.device();
            Parameter parameter = new Parameter("0.A", device, place.scope(), shape, 16);
            for (int i = 0; i < 3; i++) {
                Initialisation.uniform(parameter, device, new SplittableRandom(i == 2 ? 6 : 5));
                drawn[i] = place.read(parameter.value());
            }
        }
        assertArrayEquals(drawn[0], drawn[1]);
        int equal = 0;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < drawn[0].length; i++) {
            assertTrue(Math.abs(drawn[0][i]) <= 0.25f, "within 1/sqrt(fan-in)");
            equal += drawn[0][i] == drawn[2][i] ? 1 : 0;
            sum += drawn[0][i];
            squares += drawn[0][i] * drawn[0][i];
        }
        assertTrue(equal < 5, "another seed draws other values");
        // U(±1/4): the mean is 0 within four standard errors, and the variance is 1/48 within a fifth.
        assertEquals(0, sum / 900, 4 * 0.1443 / 30);
        assertEquals(1.0 / 48, squares / 900, 0.2 / 48);
    }

    @Test
    void theBiasOfAConvolutionIsNotPartOfItsMap() {
        ConvolutionShape shape = new ConvolutionShape(2, 3, 3, 1, 1, true);
        try (Workplace place = place()) {
            Device device = place.device();
            ConvolutionLayer layer = new ConvolutionLayer("0", device, place.scope(), shape);
            for (Parameter parameter : layer.parameters()) {
                Initialisation.uniform(parameter, device, new SplittableRandom(3));
            }
            Tensor x = input(place);
            Pass pass = layer.forward(x, Purpose.EXPLANATION, place.scope());
            Tensor mapped = place.output(pass.output().shape());
            layer.applyMap(pass, x, mapped);
            float[] y = place.read(pass.output());
            float[] map = place.read(mapped);
            float[] bias = place.read(layer.parameters().get(1).value());
            for (int i = 0; i < map.length; i++) {
                map[i] += bias[i % 3];
            }
            assertClose("map and bias", y, map);
        }
    }
}
