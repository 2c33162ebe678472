package org.codanet.nn.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.SequentialContract;
import org.codanet.nn.testing.SmallNet;
import org.codanet.nn.testing.Values;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ReferenceSequentialTest extends SequentialContract {
    private static final double TEMPERATURE = 2;

    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }

    /** The arithmetic is in double precision; only downloaded values are rounded to float32. */
    @Override
    protected double tolerance() {
        return 1e-6;
    }

    /** With λ = 3 the gradient of the penalty is about as large as that of the loss. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 3})
    void lossAndPenaltyOfAWholeNetAgreeWithFiniteDifferences(double lambda) {
        try (ReferenceDevice device = new ReferenceDevice(DeviceOptions.defaults());
                Scope run = Scope.open("run")) {
            Objective objective = new Objective(device, run, lambda);
            double[] dIn = objective.gradients();
            List<double[]> expected = new ArrayList<>();
            for (Parameter parameter : objective.net.parameters()) {
                expected.add(device.downloadExactly(parameter.gradient()));
            }
            FiniteDifferences.check("dIn", device, objective.x, objective, dIn);
            for (int i = 0; i < expected.size(); i++) {
                Parameter parameter = objective.net.parameters().get(i);
                FiniteDifferences.check(parameter.name(), device, parameter.value(), objective, expected.get(i));
            }
        }
    }

    /** Mean loss of two images plus λ times the mean absolute value of the linear maps of two classes each. */
    private static final class Objective implements DoubleSupplier {
        private final ReferenceDevice device;
        private final Scope run;
        private final double lambda;
        private final Sequential net;
        private final SumPool pool;
        private final Loss loss;
        private final Tensor x;
        private final Tensor labels;

        Objective(ReferenceDevice device, Scope run, double lambda) {
            this.device = device;
            this.run = run;
            this.lambda = lambda;
            net = SmallNet.create(device, run);
            pool = device.sumPool(run);
            loss = device.loss(run, LossKind.BCE);
            x = device.allocate(run, SmallNet.INPUT);
            device.upload(Values.uniform(41, SmallNet.INPUT), x);
            labels = device.allocate(run, Shape.of(2));
            device.upload(new float[] {0, 2}, labels);
        }

        private List<Tensor> seeds(Shape out, Scope step) {
            List<Tensor> seeds = new ArrayList<>();
            Tensor targets = device.allocate(step, Shape.of(2, 2));
            device.upload(new float[] {0, 1, 2, 0}, targets);
            for (int column = 0; column < 2; column++) {
                Tensor seed =
                        device.allocate(step, Shape.of(out.extent(0), 1, out.extent(1), out.extent(2), out.extent(3)));
                pool.seed(targets, column, TEMPERATURE, seed);
                seeds.add(seed);
            }
            return seeds;
        }

        /** Computes all gradients and returns the gradient of the input. */
        double[] gradients() {
            net.prepare(Purpose.TRAINING);
            try (Scope step = run.child("step")) {
                Passes passes = net.forward(x, Purpose.TRAINING, step);
                Tensor dLogits = device.allocate(step, Shape.of(2, 3));
                lossOf(passes, dLogits, step);
                Tensor dOut = device.allocate(step, passes.output().shape());
                pool.backward(dLogits, TEMPERATURE, dOut);
                Tensor dIn = device.allocate(step, SmallNet.INPUT);
                if (lambda == 0) {
                    net.backward(passes, dOut, dIn, step);
                } else {
                    List<Tensor> seeds = seeds(passes.output().shape(), step);
                    Tensor sums = device.allocate(step, Shape.of(seeds.size()));
                    net.regularisedBackward(passes, dOut, seeds, lambda, dIn, sums, step);
                }
                return device.downloadExactly(dIn);
            }
        }

        private double lossOf(Passes passes, Tensor dLogits, Scope step) {
            Tensor logits = device.allocate(step, Shape.of(2, 3));
            Tensor value = device.allocate(step, Shape.of(1));
            pool.forward(passes.output(), TEMPERATURE, -1, logits);
            loss.forward(logits, labels, 1, value, dLogits);
            return device.downloadExactly(value)[0];
        }

        @Override
        public double getAsDouble() {
            net.prepare(Purpose.TRAINING);
            try (Scope step = run.child("step")) {
                Passes passes = net.forward(x, Purpose.EXPLANATION, step);
                double sum = 0;
                int count = 0;
                for (Tensor seed :
                        lambda == 0 ? List.<Tensor>of() : seeds(passes.output().shape(), step)) {
                    for (double weight : device.downloadExactly(net.backProject(passes, seed, step))) {
                        sum += Math.abs(weight);
                        count++;
                    }
                }
                double penalty = count == 0 ? 0 : lambda * sum / count;
                return lossOf(passes, device.allocate(step, Shape.of(2, 3)), step) + penalty;
            }
        }
    }
}
