package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the layers of residual networks promise, on every device. */
public abstract class ResidualNetContract extends OperationContract {
    private static final int CLASSES = 3;

    /** Allows for the rounding of ten layers and of their normalisation by a batch of few values. */
    @Override
    protected double tolerance() {
        return 1e-4;
    }

    private static Shape withTargets(Shape shape, int targets) {
        return Shape.of(shape.extent(0), targets, shape.extent(1), shape.extent(2), shape.extent(3));
    }

    private static Tensor input(Workplace place) {
        return place.input(SmallResidualNet.INPUT, Values.uniform(41, SmallResidualNet.INPUT));
    }

    /** A weight for each class as a target. */
    private static Tensor oneHot(Workplace place) {
        Shape shape = Shape.of(SmallResidualNet.INPUT.extent(0), CLASSES, 1, 1, CLASSES);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i / CLASSES % CLASSES == i % CLASSES ? 1 : 0;
        }
        return place.input(shape, values);
    }

    /** Output, gradient of the input, statistics, then gradients of all parameters. */
    private static List<float[]> train(Workplace place) {
        Sequential net = SmallResidualNet.create(place.device(), place.scope());
        net.prepare(Purpose.TRAINING);
        Tensor x = input(place);
        List<float[]> results = new ArrayList<>();
        try (Scope step = place.scope().child("step")) {
            Passes passes = net.forward(x, Purpose.TRAINING, step);
            results.add(place.read(passes.output()));
            Shape out = passes.output().shape();
            Tensor dOut = place.input(out, Values.uniform(43, out));
            Tensor dIn = place.output(SmallResidualNet.INPUT);
            net.backward(passes, dOut, dIn, step);
            results.add(place.read(dIn));
            Tensor alone = place.output(SmallResidualNet.INPUT);
            net.inputGradient(passes, dOut, alone, step);
            assertArrayEquals(place.read(dIn), place.read(alone), "gradient of the input alone");
        }
        net.statistics().forEach(statistic -> results.add(place.read(statistic.value())));
        for (Parameter parameter : net.parameters()) {
            results.add(place.read(parameter.gradient()));
        }
        return results;
    }

    @Test
    void trainingAgreesWithTheReference() {
        try (Workplace place = place();
                Workplace reference = reference()) {
            List<float[]> expected = train(reference);
            List<float[]> actual = train(place);
            for (int i = 0; i < expected.size(); i++) {
                assertClose("result " + i, expected.get(i), actual.get(i));
            }
        }
    }

    /** Output, then the gradients of all classes by a rule. The baseline is another random input. */
    private static List<float[]> explain(Workplace place, ReluRule rule) {
        Sequential net = SmallResidualNet.create(place.device(), place.scope());
        net.prepare(Purpose.EXPLANATION);
        Shape shape = SmallResidualNet.INPUT;
        try (Scope step = place.scope().child("step")) {
            Passes passes = net.forward(input(place), Purpose.EXPLANATION, step);
            Passes start = rule == ReluRule.RESCALE
                    ? net.forward(place.input(shape, Values.uniform(44, shape)), Purpose.EXPLANATION, step)
                    : null;
            Tensor dIn = place.output(withTargets(shape, CLASSES));
            net.backProject(passes, rule, start, oneHot(place), dIn, step);
            List<float[]> results = new ArrayList<>(List.of(place.read(passes.output()), place.read(dIn)));
            if (start != null) {
                results.add(place.read(start.output()));
            }
            return results;
        }
    }

    @ParameterizedTest
    @EnumSource(ReluRule.class)
    void gradientsOfAllClassesAgreeWithTheReference(ReluRule rule) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            List<float[]> expected = explain(reference, rule);
            List<float[]> actual = explain(place, rule);
            for (int i = 0; i < expected.size(); i++) {
                assertClose(rule + ", result " + i, expected.get(i), actual.get(i));
            }
        }
    }

    /** Multipliers times the change of the input add up to the change of the output, also through blocks and maximum pooling. */
    @Test
    void rescaledGradientsAddUpToTheChangeOfTheOutput() {
        try (Workplace place = place()) {
            List<float[]> results = explain(place, ReluRule.RESCALE);
            float[] x = Values.uniform(41, SmallResidualNet.INPUT);
            float[] x0 = Values.uniform(44, SmallResidualNet.INPUT);
            int size = x.length / SmallResidualNet.INPUT.extent(0);
            for (int row = 0; row < results.get(0).length; row++) {
                double sum = 0;
                for (int i = 0; i < size; i++) {
                    int element = row / CLASSES * size + i;
                    sum += results.get(1)[row * size + i] * ((double) x[element] - x0[element]);
                }
                assertEquals(results.get(0)[row] - results.get(2)[row], sum, 1e-4, "output " + row);
            }
        }
    }

    @Test
    void inferenceHasTheBitsOfAnExplanationAndChangesNoStatistic() {
        try (Workplace place = place()) {
            Sequential net = SmallResidualNet.create(place.device(), place.scope());
            List<float[]> before =
                    net.statistics().stream().map(s -> place.read(s.value())).toList();
            Tensor x = input(place);
            try (Scope step = place.scope().child("step")) {
                net.prepare(Purpose.EXPLANATION);
                float[] expected =
                        place.read(net.forward(x, Purpose.EXPLANATION, step).output());
                assertArrayEquals(expected, place.read(net.infer(x, step)));
            }
            for (int i = 0; i < before.size(); i++) {
                assertArrayEquals(
                        before.get(i), place.read(net.statistics().get(i).value()));
            }
        }
    }

    /** The statistics of a batch are not constants, so neither pass can do the work of the other. */
    @Test
    void aPassForAnotherPurposeIsRefused() {
        try (Workplace place = place()) {
            Sequential net = SmallResidualNet.create(place.device(), place.scope());
            Tensor x = input(place);
            try (Scope step = place.scope().child("step")) {
                Passes explained = net.forward(x, Purpose.EXPLANATION, step);
                Passes trained = net.forward(x, Purpose.TRAINING, step);
                Shape out = trained.output().shape();
                Tensor dOut = place.input(out, Values.uniform(43, out));
                Tensor dIn = place.variable(SmallResidualNet.INPUT, Values.uniform(1, SmallResidualNet.INPUT));
                assertThrows(IllegalStateException.class, () -> net.backward(explained, dOut, dIn, step));
                assertThrows(
                        IllegalStateException.class,
                        () -> net.backProject(trained, dOut.reshape(withTargets(out, 1)), step));
            }
        }
    }
}
