package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.codanet.nn.counting.CountingDevice;
import org.codanet.nn.counting.MemoryPeak;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.DynamicAlignmentLayer;
import org.codanet.nn.layer.Initialisation;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a {@link CountingDevice} promises for each device: a pass on the device needs as many bytes as the counting device counts. */
public abstract class CountingContract extends OperationContract {
    private static final int TARGETS = 3;

    /** Images so large that the weights, and the memory that is not counted, are small in comparison. */
    private static final Shape INPUT = Shape.of(3, 20, 20, 6);

    /** The purpose of a pass. */
    enum Work {
        INFERENCE {
            @Override
            void run(Sequential net, Device device, Scope scope) {
                net.prepare(Purpose.INFERENCE);
                net.infer(filled(device, scope, INPUT), scope);
            }
        },
        ONE_EXPLANATION {
            @Override
            void run(Sequential net, Device device, Scope scope) {
                explain(net, device, 1, scope);
            }
        },
        SEVERAL_EXPLANATIONS {
            @Override
            void run(Sequential net, Device device, Scope scope) {
                explain(net, device, TARGETS, scope);
            }
        },
        TRAINING {
            @Override
            void run(Sequential net, Device device, Scope scope) {
                Passes passes = forward(net, device, Purpose.TRAINING, scope);
                Tensor dOut = filled(device, scope, passes.output().shape());
                net.backward(passes, dOut, null, scope);
            }
        },
        REGULARISED_TRAINING {
            @Override
            void run(Sequential net, Device device, Scope scope) {
                Passes passes = forward(net, device, Purpose.TRAINING, scope);
                Tensor dOut = filled(device, scope, passes.output().shape());
                Tensor seed = filled(
                        device, scope, AlignmentRun.withTargets(passes.output().shape(), 1));
                Tensor sums = device.allocate(scope, Shape.of(1));
                net.regularisedBackward(passes, dOut, List.of(seed), 1, null, sums, scope);
            }
        };

        abstract void run(Sequential net, Device device, Scope scope);

        private static void explain(Sequential net, Device device, int targets, Scope scope) {
            Passes passes = forward(net, device, Purpose.EXPLANATION, scope);
            Shape shape = AlignmentRun.withTargets(passes.output().shape(), targets);
            net.backProject(passes, filled(device, scope, shape), scope);
        }

        private static Passes forward(Sequential net, Device device, Purpose purpose, Scope scope) {
            net.prepare(purpose);
            return net.forward(filled(device, scope, INPUT), purpose, scope);
        }

        private static Tensor filled(Device device, Scope scope, Shape shape) {
            Tensor tensor = device.allocate(scope, shape);
            device.elementwise().fill(tensor, 0.5f);
            return tensor;
        }

        boolean trains() {
            return this == TRAINING || this == REGULARISED_TRAINING;
        }
    }

    private static Sequential network(Device device, Scope scope, boolean trained) {
        Sequential net = new Sequential(
                device,
                List.of(
                        layer("0", device, scope, new DynamicAlignmentShape(6, 5, 4, 3, 1, 1, Norm.SQ, true)),
                        layer("1", device, scope, new DynamicAlignmentShape(5, 4, 6, 3, 2, 1, Norm.WB, false)),
                        layer("2", device, scope, new DynamicAlignmentShape(4, 3, 5, 1, 1, 0, Norm.L2, true))));
        Initialisation.uniform(net, device, new SplittableRandom(7));
        for (Parameter parameter : net.parameters()) {
            if (trained) {
                parameter.forTraining(device, scope);
            }
        }
        return net;
    }

    private static DynamicAlignmentLayer layer(String name, Device device, Scope scope, DynamicAlignmentShape shape) {
        return new DynamicAlignmentLayer(name, device, scope, shape);
    }

    /** Runs the work twice, because the workspace grows during the first pass. Returns the peak of the second pass. */
    private static long peak(Device device, Work work) {
        try (Scope scope = Scope.open("counted")) {
            Sequential net = network(device, scope, work.trains());
            for (int pass = 0; pass < 2; pass++) {
                device.resetPeakMemory();
                try (Scope own = scope.child("pass")) {
                    work.run(net, device, own);
                }
            }
            return device.memory().peak();
        }
    }

    /** The margins allow for memory that is not counted, such as small workspaces, and for a pass in which a worker never ran. */
    @ParameterizedTest
    @EnumSource(Work.class)
    void thePeakIsCountedWithoutRunningThePass(Work work) {
        try (Device device = open()) {
            long counted;
            try (Device counting = new CountingDevice(device)) {
                counted = peak(counting, work);
                assertEquals(0, device.memory().live(), "bytes that counting took on the device");
            }
            long peak = peak(device, work);
            assertTrue(
                    counted >= 0.95 * peak && counted <= 1.2 * peak, "counted " + counted + ", the peak was " + peak);
        }
    }

    @Test
    void partsOfThePeakAddUpAndNameTheirScopes() {
        try (Device device = open();
                CountingDevice counting = new CountingDevice(device)) {
            long peak = peak(counting, Work.SEVERAL_EXPLANATIONS);
            MemoryPeak parts = counting.peak();
            assertEquals(peak, parts.totalBytes());
            long weights = parts.tensors().get("counted");
            long pass = parts.tensors().get("counted/pass");
            assertTrue(weights > 0 && pass >= device.tensorBytes(INPUT), parts.toString());
            assertTrue(parts.states() > 0 && parts.prepared() > 0, parts.toString());
        }
    }

    @Test
    void nothingIsCountedWhenEveryScopeIsClosed() {
        try (Device device = open();
                CountingDevice counting = new CountingDevice(device)) {
            peak(counting, Work.TRAINING);
            counting.trimMemory();
            assertEquals(device.libraryBytes(), counting.memory().live());
            assertEquals(0, counting.memory().tensors());
        }
    }

    @Test
    void aPassCountsTheSameAfterOthersHaveBeenForgotten() {
        try (Device device = open();
                CountingDevice counting = new CountingDevice(device);
                Scope scope = Scope.open("counted")) {
            Sequential net = network(counting, scope, true);
            MemoryPeak first = forgetAndRun(counting, net, Work.INFERENCE, scope);
            MemoryPeak larger = forgetAndRun(counting, net, Work.REGULARISED_TRAINING, scope);
            assertTrue(larger.totalBytes() > first.totalBytes(), larger.toString());
            assertEquals(first, forgetAndRun(counting, net, Work.INFERENCE, scope));
        }
    }

    private static MemoryPeak forgetAndRun(CountingDevice counting, Sequential net, Work work, Scope scope) {
        counting.forgetPasses();
        try (Scope own = scope.child("pass")) {
            work.run(net, counting, own);
        }
        return counting.peak();
    }

    @Test
    void closingWithAnOpenTensorNamesItsScope() {
        try (Device device = open();
                Scope scope = Scope.open("forgotten");
                CountingDevice counting = new CountingDevice(device)) {
            try (Scope inner = scope.child("inner")) {
                counting.allocate(inner, Shape.of(3));
                String message = assertThrows(IllegalStateException.class, counting::close)
                        .getMessage();
                assertTrue(message.contains("forgotten/inner"), message);
            }
        }
    }
}
