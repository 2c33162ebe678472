package org.codanet.nn.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.ResidualNetContract;
import org.codanet.nn.testing.SmallResidualNet;
import org.codanet.nn.testing.Values;
import org.junit.jupiter.api.Test;

final class ReferenceResidualNetTest extends ResidualNetContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }

    /** The arithmetic is in double precision; only downloaded values are rounded to float32. */
    @Override
    protected double tolerance() {
        return 1e-6;
    }

    /** Σ output · g of a network, and its gradients. */
    private static final class Objective implements DoubleSupplier {
        private final ReferenceDevice device;
        private final Scope run;
        private final Purpose purpose;
        private final Sequential net;
        private final Tensor x;

        Objective(ReferenceDevice device, Scope run, Purpose purpose) {
            this.device = device;
            this.run = run;
            this.purpose = purpose;
            net = SmallResidualNet.create(device, run);
            x = device.allocate(run, SmallResidualNet.INPUT);
            device.upload(Values.uniform(41, SmallResidualNet.INPUT), x);
        }

        private Tensor upper(Shape shape, Scope step) {
            Tensor tensor = device.allocate(step, shape);
            device.upload(Values.uniform(43, shape), tensor);
            return tensor;
        }

        /** The gradient of the input. That of the parameters is added to theirs, unless the purpose is explanation. */
        double[] gradients() {
            try (Scope step = run.child("step")) {
                Passes passes = net.forward(x, purpose, step);
                Shape out = passes.output().shape();
                if (purpose == Purpose.EXPLANATION) {
                    Tensor targets = upper(out, step).reshape(Shape.of(out.extent(0), 1, 1, 1, out.extent(3)));
                    return device.downloadExactly(net.backProject(passes, targets, step));
                }
                Tensor dIn = device.allocate(step, SmallResidualNet.INPUT);
                net.backward(passes, upper(out, step), dIn, step);
                return device.downloadExactly(dIn);
            }
        }

        @Override
        public double getAsDouble() {
            try (Scope step = run.child("step")) {
                Tensor output = net.forward(x, purpose, step).output();
                return FiniteDifferences.product(
                        device.downloadExactly(output), device.downloadExactly(upper(output.shape(), step)));
            }
        }
    }

    @Test
    void gradientsInTrainingAgreeWithFiniteDifferences() {
        try (ReferenceDevice device = new ReferenceDevice(DeviceOptions.defaults());
                Scope run = Scope.open("run")) {
            Objective objective = new Objective(device, run, Purpose.TRAINING);
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

    @Test
    void backProjectionIsTheGradientWithRunningStatistics() {
        try (ReferenceDevice device = new ReferenceDevice(DeviceOptions.defaults());
                Scope run = Scope.open("run")) {
            Objective objective = new Objective(device, run, Purpose.EXPLANATION);
            FiniteDifferences.check("dIn", device, objective.x, objective, objective.gradients());
        }
    }
}
