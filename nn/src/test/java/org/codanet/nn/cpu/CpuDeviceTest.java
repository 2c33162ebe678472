package org.codanet.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.codanet.bindings.testing.Skip;
import org.codanet.nn.cpu.dnnl.DnnlHandles;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.PeakMeasurement;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests the CPU device without its operations: how it is opened, what it reports, and what it refuses. */
final class CpuDeviceTest {
    @Nested
    class Opening {
        @Test
        void isOpenedByNameAndDescribesItself() {
            try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(3))) {
                assertEquals("cpu", device.name());
                assertEquals(Precision.FP32, device.precision());
                assertTrue(device.description().contains("3 threads"), device.description());
                assertTrue(device.description().contains("oneDNN"), device.description());
            }
        }

        @Test
        void hasOneThreadPerProcessorByDefault() {
            int processors = Runtime.getRuntime().availableProcessors();
            try (Device device = new CpuDevice(DeviceOptions.defaults())) {
                String expected = processors == 1 ? "1 thread;" : processors + " threads;";
                assertTrue(device.description().contains(expected), device.description());
            }
        }

        @Test
        void thereIsOneCpuDevice() {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> Devices.open("cpu:1", DeviceOptions.defaults()));
            assertTrue(refused.getMessage().contains("cpu:1"), refused.getMessage());
        }

        @Test
        void unsupportedPrecisionsAreRefusedInOneSentence() {
            DeviceOptions tf32 = DeviceOptions.defaults().withPrecision(Precision.TF32);
            assertTrue(assertThrows(IllegalArgumentException.class, () -> new CpuDevice(tf32))
                    .getMessage()
                    .contains("tf32 is for GPUs"));
            Processor older = new Processor("Older Processor", Set.of("avx2", "fma"));
            String message = assertThrows(
                            IllegalArgumentException.class, () -> CpuDevice.precision(Precision.BF16, older))
                    .getMessage();
            assertTrue(message.contains("Older Processor has avx2"), message);
            assertEquals(Precision.FP32, CpuDevice.precision(null, older));
            Processor newer = new Processor("Newer Processor", Set.of("avx512f", "avx512_bf16"));
            assertEquals(Precision.BF16, CpuDevice.precision(Precision.BF16, newer));
        }

        @Test
        void bfloat16Without512BitVectorsIsRefusedInOneSentence() {
            Processor processor = Processor.here();
            Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
            DeviceOptions plain = new DeviceOptions(1, Precision.BF16, 0, true);
            assertTrue(assertThrows(IllegalArgumentException.class, () -> new CpuDevice(plain))
                    .getMessage()
                    .contains("plain loops (they were asked for)"));
        }

        @Test
        void plainLoopsAreUsedOnRequestAndDescribed() {
            try (Device device = new CpuDevice(new DeviceOptions(1, null, 0, true))) {
                assertTrue(device.description().contains("plain loops (they were asked for)"), device.description());
            }
        }
    }

    @Nested
    class Closing {
        @Test
        void closeIsRefusedWhileSomethingIsOpenAndNamesItsScope() {
            Device device = new CpuDevice(DeviceOptions.defaults().withThreads(2));
            Scope run = Scope.open("run");
            Tensor tensor = device.allocate(run.child("step"), Shape.of(2, 1));
            // The pool holds no memory, but the device must still report that it is open.
            SumPool pool = device.sumPool(run.child("head"));
            String message =
                    assertThrows(IllegalStateException.class, device::close).getMessage();
            assertTrue(message.contains("'run/head'") && message.contains("'run/step'"), message);
            assertDoesNotThrow(
                    () -> device.elementwise().fill(tensor, 1), "a refused close must leave the device usable");
            run.close();
            assertDoesNotThrow(device::close);
            assertDoesNotThrow(device::close);
            assertThrows(IllegalStateException.class, () -> pool.backward(tensor, 1, tensor));
            assertTrue(assertThrows(IllegalStateException.class, () -> device.allocate(Scope.open("late"), Shape.of(1)))
                    .getMessage()
                    .contains("closed"));
        }

        @Test
        void closeFreesEverything() {
            long handles = DnnlHandles.open();
            CpuDevice device = new CpuDevice(DeviceOptions.defaults().withThreads(2));
            try (Scope scope = Scope.open("run")) {
                Tensor x = device.allocate(scope, Shape.of(2, 9, 7, 6));
                Tensor w = device.allocate(scope, Shape.of(3, 3, 6, 16));
                Tensor y = device.allocate(scope, Shape.of(2, 9, 7, 16));
                for (Tensor each : List.of(x, w, y)) {
                    device.elementwise().fill(each, 1);
                }
                var convolution = device.convolution(scope, new ConvolutionShape(6, 16, 3, 1, 1, false));
                convolution.forward(x, w, null, y);
                convolution.backwardData(y, w, x);
                convolution.backwardWeights(x, y, w, null);
                assertTrue(DnnlHandles.open() > handles);
            }
            assertEquals(0, device.memory().tensors());
            device.close();
            assertEquals(0, device.memory().live());
            assertEquals(0, device.memory().reserved());
            assertEquals(handles, DnnlHandles.open());
        }
    }

    @Nested
    class Convolutions {
        @Test
        void theCacheOfPlansIsBounded() {
            try (CpuDevice device = new CpuDevice(DeviceOptions.defaults().withThreads(1));
                    Scope scope = Scope.open("run")) {
                var convolution = device.convolution(scope, new ConvolutionShape(1, 2, 1, 1, 0, false));
                Tensor w = device.allocate(scope, Shape.of(1, 1, 1, 2));
                device.elementwise().fill(w, 2);
                long most = 0;
                for (int width = 1; width <= 80; width++) {
                    try (Scope step = scope.child("step")) {
                        Tensor x = device.allocate(step, Shape.of(1, 1, width, 1));
                        Tensor y = device.allocate(step, Shape.of(1, 1, width, 2));
                        device.elementwise().fill(x, 3);
                        convolution.forward(x, w, null, y);
                        assertEquals(6, values(device, y)[2 * width - 1]);
                    }
                    if (width == 40) {
                        most = DnnlHandles.open();
                    }
                }
                assertEquals(most, DnnlHandles.open());
            }
        }

        @Test
        void aBfloat16ConvolutionRoundsItsOperands() {
            Processor processor = Processor.here();
            Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
            try (Device device = Devices.open("cpu", DeviceOptions.defaults().withPrecision(Precision.BF16));
                    Scope scope = Scope.open("run")) {
                // One channel and one tap: 1 + 2^-9, which bfloat16 rounds to 1, times 3, which bfloat16 represents
                // exactly.
                var convolution = device.convolution(scope, new ConvolutionShape(1, 1, 1, 1, 0, false));
                Tensor x = device.allocate(scope, Shape.of(1, 1, 1, 1));
                Tensor w = device.allocate(scope, Shape.of(1, 1, 1, 1));
                Tensor y = device.allocate(scope, Shape.of(1, 1, 1, 1));
                device.elementwise().fill(x, 1 + 1f / 512);
                device.elementwise().fill(w, 3);
                convolution.forward(x, w, null, y);
                assertEquals(3f, values(device, y)[0]);
            }
        }
    }

    @Nested
    class Reporting {
        @Test
        void reportsEachSelectionOnce() {
            List<String> reported = new ArrayList<>();
            try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                    Scope scope = Scope.open("run")) {
                device.listenToSelections(reported::add);
                for (int i = 0; i < 2; i++) {
                    device.dynamicAlignment(scope, new DynamicAlignmentShape(3, 4, 2, 3, 1, 1, Norm.SQ, true));
                }
                var convolution = device.convolution(scope, new ConvolutionShape(1, 1, 1, 1, 0, false));
                Tensor x = device.allocate(scope, Shape.of(1, 1, 1, 1));
                device.elementwise().fill(x, 1);
                convolution.forward(x, x, null, device.allocate(scope, Shape.of(1, 1, 1, 1)));
            }
            assertEquals(2, reported.size(), reported.toString());
            assertTrue(reported.get(0).startsWith("dynamic alignment on cpu: "), reported.get(0));
            assertTrue(reported.get(1).matches("oneDNN: \\S+ for Subject\\[direction=FORWARD, .*"), reported.get(1));
        }

        @Test
        void thePeakIsMeasured() {
            try (CpuDevice device = new CpuDevice(DeviceOptions.defaults().withThreads(1))) {
                double peak = ((PeakMeasurement) device).peakGflops();
                // Every processor reaches more than 1 GFLOP/s, and none reaches ten thousand.
                assertTrue(peak > 1 && peak < 10_000, "GFLOP/s: " + peak);
            }
        }

        @Test
        void reportNamesProcessorLoopsAndOneDnn() {
            List<String> report = new CpuDeviceProvider().report();
            assertTrue(report.get(0).startsWith("processor: "), report.get(0));
            assertTrue(report.get(1).startsWith("inner loops: "), report.get(1));
            assertTrue(report.get(3).startsWith("oneDNN"), report.get(3));
        }

        @Test
        void withoutTheVectorModuleAndOneDnnTheRestRunsAndTheReasonIsReported() throws Exception {
            String output = ChildJvm.run(Bare.class, "-Dcodanet.dnnl.path=/no/such/libdnnl.so.3");
            assertTrue(
                    output.contains("plain loops (this JVM runs without --add-modules jdk.incubator.vector)"), output);
            assertTrue(output.contains("without oneDNN"), output);
            assertTrue(output.contains("sum: 6.0"), output);
            assertTrue(output.contains("refused: convolution on cpu: oneDNN could not be loaded"), output);
            assertTrue(output.contains("/no/such/libdnnl.so.3"), output);
        }
    }

    /** Runs in another JVM that is started with none of our flags except the one for native access. */
    static final class Bare {
        private Bare() {}

        public static void main(String[] arguments) {
            try (CpuDevice device = new CpuDevice(DeviceOptions.defaults());
                    Scope scope = Scope.open("run")) {
                System.out.println(device.description());
                Tensor t = device.allocate(scope, Shape.of(3));
                Tensor sum = device.allocate(scope, Shape.of(1));
                device.elementwise().fill(t, -2);
                device.elementwise().absoluteSum(t, sum);
                System.out.println("sum: " + values(device, sum)[0]);
                try {
                    device.convolution(scope, new ConvolutionShape(1, 1, 1, 1, 0, false));
                } catch (DeviceException e) {
                    System.out.println("refused: " + e.getMessage());
                }
            }
        }
    }

    private static float[] values(Device device, Tensor tensor) {
        float[] values = new float[(int) tensor.shape().elements()];
        device.download(tensor, values);
        return values;
    }
}
