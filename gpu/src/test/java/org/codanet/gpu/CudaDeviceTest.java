package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.gpu.driver.CudaException;
import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.Close;
import org.codanet.nn.testing.Values;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the CUDA device as a whole: the driver calls of a step, the behaviour when CUDA fails, and that no resource leaks. */
final class CudaDeviceTest {
    private static final DeviceOptions EXACT = DeviceOptions.defaults().withPrecision(Precision.FP32);

    private final SimulatedMachine machine = SimulatedMachine.get();

    private static CudaDevice device() {
        return SimulatedMachine.open(EXACT, 1 << 20);
    }

    @Nested
    final class OpeningAndClosing {
        @Test
        void theNameAutoPrefersTheGpuToTheProcessor() {
            machine.reset();
            try (Device named = Devices.open("cuda", DeviceOptions.defaults())) {
                assertEquals("cuda:0", named.name());
                assertEquals(Precision.TF32, named.precision(), "the default precision");
                assertTrue(named.description().contains("Simulated machine"), named.description());
            }
            try (Device preferred = Devices.open("auto", DeviceOptions.defaults())) {
                assertEquals("cuda:0", preferred.name());
            }
            assertTrue(assertThrows(DeviceException.class, () -> Devices.open("cuda:1", DeviceOptions.defaults()))
                    .getMessage()
                    .contains("there is 1 GPU"));
            List<String> report = new CudaDeviceProvider().report();
            assertTrue(report.stream().anyMatch(line -> line.contains("compute capability 9.0")), report.toString());
        }

        @Test
        void closingFreesEveryHandleAndAllMemory() {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                assertTrue(net.loss() > 0);
                assertFalse(machine.live().isEmpty());
            }
            assertEquals("", machine.live());
            assertEquals("", machine.violation());
            assertDoesNotThrow(() -> device().close());
        }

        /** Closing frees the pinned buffers, modules and memory that queued copies and kernels still use. */
        @Test
        void closingWaitsForTheQueuedWork() {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
            }
            assertEquals("", machine.live());
            assertEquals("", machine.violation());
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"cuDevicePrimaryCtxRetain", "cuStreamCreate", "cuMemPoolCreate", "cuMemPoolSetAttribute"})
        void aDeviceThatCannotBeOpenedLeaksNothing(String function) {
            machine.reset();
            machine.fail(function, 1, "CUDA_ERROR_INVALID_VALUE", false);
            assertThrows(CudaException.class, () -> CudaDevice.open(0, EXACT, 1 << 20));
            assertEquals("", machine.live());
        }
    }

    @Nested
    final class ATrainingStep {
        @Test
        void lowersTheLossAsOnTheReference() {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run");
                    Device reference = Devices.open("reference", DeviceOptions.defaults());
                    Scope other = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                SmallNet expected = new SmallNet(reference, other);
                net.load(7);
                expected.load(7);
                float before = 0;
                for (int step = 1; step <= 8; step++) {
                    net.step(step);
                    expected.step(step);
                    before = step == 1 ? net.loss() : before;
                    assertEquals(expected.loss(), net.loss(), 1e-4f * expected.loss(), "step " + step);
                }
                assertTrue(net.loss() < before, net.loss() + " after " + before);
            }
        }

        /** An allocation or a wait would take longer than the kernels of a small step. */
        @Test
        void afterTheFirstAllocatesNothingAndWaitsForNothing() {
            List<String> costly = List.of(
                    "cuMemAllocFromPoolAsync",
                    "cuMemFreeAsync",
                    "cuMemHostAlloc",
                    "cuStreamSynchronize",
                    "cuEventSynchronize",
                    "cuModuleLoadData",
                    "cudnnCreateTensorDescriptor",
                    "cudnnGetConvolutionForwardAlgorithm_v7",
                    "cuMemcpyHtoDAsync_v2",
                    "cuMemcpyDtoHAsync_v2");
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                List<Long> before = costly.stream().map(machine::calls).toList();
                net.step(2);
                net.step(3);
                assertEquals(before, costly.stream().map(machine::calls).toList(), costly.toString());
            }
        }

        @Test
        void reusesTheMemoryOfTheStepBefore() {
            try (CudaDevice device = device();
                    Scope run = Scope.open("run")) {
                for (int step = 0; step < 3; step++) {
                    long before = machine.calls("cuMemAllocFromPoolAsync");
                    try (Scope scope = run.child("step")) {
                        device.allocate(scope, Shape.of(64, 3));
                        device.allocate(scope, Shape.of(17));
                    }
                    assertEquals(step == 0 ? 2 : 0, machine.calls("cuMemAllocFromPoolAsync") - before);
                }
            }
        }

        /** Compares chunks of one image with all images in one chunk. */
        @Test
        void givesTheSameResultInMicroBatches() {
            float[][] results = new float[2][];
            for (int i = 0; i < 2; i++) {
                try (CudaDevice device = SimulatedMachine.open(EXACT, i == 0 ? 1 << 24 : 1);
                        Scope scope = Scope.open("run")) {
                    SmallNet net = new SmallNet(device, scope);
                    net.load(3);
                    net.step(1);
                    results[i] = net.weights();
                }
            }
            Close.to("B after a step", results[0], results[1], 1e-5);
        }

        @ParameterizedTest
        @EnumSource(Precision.class)
        void givesTheSameBitsForTheSameInput(Precision precision) {
            float[][] results = new float[2][];
            for (int i = 0; i < 2; i++) {
                try (CudaDevice device =
                                SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision), 1 << 20);
                        Scope scope = Scope.open("run")) {
                    SmallNet net = new SmallNet(device, scope);
                    net.load(3);
                    net.step(1);
                    results[i] = net.weights();
                }
            }
            assertArrayEquals(results[0], results[1]);
        }

        /** The rounding error of an operand is 5e-4 with 10 bits of mantissa and 4e-3 with 7 bits. Two layers sum some dozen products. */
        @ParameterizedTest
        @CsvSource({"FP32, 1e-5", "TF32, 1e-2", "BF16, 6e-2"})
        void isCloseToTheReferenceInEveryPrecision(Precision precision, double tolerance) {
            try (CudaDevice device =
                            SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision), 1 << 20);
                    Scope scope = Scope.open("run");
                    Device reference = Devices.open("reference", DeviceOptions.defaults());
                    Scope other = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                SmallNet expected = new SmallNet(reference, other);
                for (SmallNet each : List.of(net, expected)) {
                    each.load(7);
                    each.step(1);
                }
                assertEquals(expected.loss(), net.loss(), tolerance * expected.loss());
                if (precision != Precision.FP32) {
                    assertTrue(expected.loss() != net.loss(), "the operands were not rounded");
                }
            }
        }

        @ParameterizedTest
        @CsvSource({
            "FP32, patch-first, 'COMPUTE_32F,', FMA_MATH",
            "TF32, tensor-core, COMPUTE_32F_FAST_TF32, DEFAULT_MATH",
            "BF16, tensor-core, COMPUTE_32F_FAST_16BF, DEFAULT_MATH",
        })
        void reportsEachSelectedAlgorithmOnce(Precision precision, String form, String compute, String math) {
            List<String> reported = new ArrayList<>();
            try (CudaDevice device =
                            SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision), 1 << 20);
                    Scope scope = Scope.open("run")) {
                device.listenToSelections(reported::add);
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                int first = reported.size();
                net.step(2);
                assertEquals(first, reported.size(), reported.toString());
            }
            String all = String.join("\n", reported);
            assertTrue(all.contains("dynamic alignment on cuda:0: forward " + form), all);
            assertTrue(all.contains("cuBLAS on cuda:0: " + compute), all);
            assertTrue(
                    all.contains(
                            "cuDNN on cuda:0: forward IMPLICIT_PRECOMP_GEMM (256 bytes, " + math + "), data ALGO_1"),
                    all);
            assertTrue(all.contains("filters ALGO_1 (256 bytes, " + math + ")"), all);
        }
    }

    @Nested
    final class GraphCaptureAndReplay {
        /**
         * Replays give the same bits as the same number of eager steps. Each step has new images, its own learning rate and its own
         * number.
         */
        @Test
        void replaysAStepOnNewData() {
            float[] expected;
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                for (int step = 2; step <= 6; step++) {
                    net.load(7 + step);
                    net.step(step);
                }
                expected = net.weights();
            }
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                float[] before = net.weights();
                net.next(99);
                CudaGraphCapture captured = device.capture(scope, net::step);
                assertTrue(captured.nodes() > 20, captured.nodes() + " nodes");
                assertArrayEquals(before, net.weights(), "a capture runs nothing");
                long launches = machine.calls("cuLaunchKernel");
                for (int step = 2; step <= 6; step++) {
                    net.load(7 + step);
                    net.next(step);
                    captured.run();
                }
                assertEquals(
                        launches + 5,
                        machine.calls("cuLaunchKernel"),
                        "one call for a replay, and one for Adam's numbers");
                assertArrayEquals(expected, net.weights());
            }
            assertEquals("", machine.live());
        }

        @Test
        void refusesToWaitAndLeavesTheDeviceUsable() {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                IllegalStateException refused =
                        assertThrows(IllegalStateException.class, () -> device.capture(scope, device::synchronize));
                assertTrue(refused.getMessage().contains("cuda:0: a captured pass may not wait"), refused.getMessage());
                net.step(2);
                assertTrue(net.loss() > 0);
            }
            assertEquals("", machine.live());
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "cuStreamBeginCapture_v2",
                    "cuLaunchKernel",
                    "cuStreamEndCapture",
                    "cuGraphGetNodes",
                    "cuGraphInstantiateWithFlags"
                })
        void namesTheCallThatFailedAndLeavesTheDeviceUsable(String function) {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                String before = machine.live();
                machine.fail(function, 1, "CUDA_ERROR_INVALID_VALUE", false);
                String message = assertThrows(CudaException.class, () -> device.capture(scope, net::step))
                        .getMessage();
                assertTrue(message.contains(function.replaceAll("_v2|WithFlags", "")), message);
                assertTrue(message.contains("CUDA_ERROR_INVALID_VALUE") && message.contains("cuda:0"), message);
                assertEquals(before, machine.live());
                float[] weights = net.weights();
                CapturedGraph captured = device.capture(scope, net::step);
                assertArrayEquals(weights, net.weights());
                captured.run();
                assertFalse(Arrays.equals(weights, net.weights()), "the capture after the failure can be replayed");
            }
            assertEquals("", machine.live());
        }

        /** The address of the workspace is part of the graph, and a pass that needs a larger workspace moves the workspace. */
        @Test
        void capturesAgainAfterTheWorkspaceHasMoved() {
            try (CudaDevice device = device();
                    Scope scope = Scope.open("run")) {
                Tensor small = device.allocate(scope, Shape.of(40));
                device.upload(Values.uniform(1, small.shape()), small);
                Tensor sum = device.allocate(scope, Shape.of(1));
                Runnable step = () -> device.elementwise().absoluteSum(small, sum);
                step.run();
                float[] expected = new float[1];
                device.download(sum, expected);
                CapturedGraph captured = device.capture(scope, step);
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                device.elementwise().fill(sum, 0);
                long instantiated = machine.calls("cuGraphInstantiateWithFlags");
                captured.run();
                captured.run();
                assertEquals(1, machine.calls("cuGraphInstantiateWithFlags") - instantiated);
                float[] actual = new float[1];
                device.download(sum, actual);
                assertArrayEquals(expected, actual);
            }
            assertEquals("", machine.live());
            assertEquals("", machine.violation());
        }

        /** A replay writes to that memory, so it stays reserved and counted. It is freed with the graph. */
        @Test
        void reservesTheMemoryOfTheTensorsThatThePassAllocates() {
            try (CudaDevice device = device();
                    Scope run = Scope.open("run")) {
                Shape shape = Shape.of(1000);
                Tensor x = device.allocate(run, shape);
                Tensor y = device.allocate(run, shape);
                device.elementwise().fill(x, 1);
                Runnable step = () -> {
                    try (Scope own = run.child("step")) {
                        Tensor between = device.allocate(own, shape);
                        device.elementwise().copy(x, between);
                        device.elementwise().copy(between, y);
                    }
                };
                step.run();
                long before = device.memory().live();
                long asked = machine.calls("cuMemAllocFromPoolAsync");
                try (Scope graphs = run.child("graphs")) {
                    CapturedGraph captured = device.capture(graphs, step);
                    assertEquals(asked, machine.calls("cuMemAllocFromPoolAsync"));
                    assertEquals(before + shape.bytes(), device.memory().live());
                    assertEquals(2, device.memory().tensors());
                    Tensor other = device.allocate(run, shape);
                    float[] others = Values.uniform(5, shape);
                    device.upload(others, other);
                    float[] values = Values.uniform(6, shape);
                    device.upload(values, x);
                    captured.run();
                    float[] read = new float[1000];
                    device.download(other, read);
                    assertArrayEquals(others, read);
                    device.download(y, read);
                    assertArrayEquals(values, read);
                    String open = assertThrows(IllegalStateException.class, device::close)
                            .getMessage();
                    assertTrue(open.contains("run/graphs"), open);
                }
                assertEquals(before + shape.bytes(), device.memory().live(), "only the other tensor");
            }
            assertEquals("", machine.live());
        }

        @Test
        void refusesToAllocateFromTheDriver() {
            try (CudaDevice device = device();
                    Scope run = Scope.open("run")) {
                String message = assertThrows(
                                OutOfMemoryException.class,
                                () -> device.capture(run, () -> {
                                    try (Scope own = run.child("step")) {
                                        device.allocate(own, Shape.of(12345));
                                    }
                                }))
                        .getMessage();
                assertTrue(message.contains("no idle block of 48.2 KiB"), message);
                device.allocate(run, Shape.of(77));
                try (Scope again = run.child("again")) {
                    device.allocate(again, Shape.of(78));
                }
                message = assertThrows(
                                IllegalStateException.class,
                                () -> device.capture(run, () -> device.allocate(run, Shape.of(78))))
                        .getMessage();
                assertTrue(message.contains("may not leave a tensor open"), message);
            }
            assertEquals("", machine.live());
        }
    }

    @Nested
    final class Failures {
        @ParameterizedTest
        @ValueSource(strings = {"cuMemAllocFromPoolAsync", "cuMemHostAlloc"})
        void ofAnyAllocationAreReportedAndLeakNothing(String function) {
            long failures = 0;
            for (int nth = 1; nth < 200; nth++) {
                CudaDevice device = device();
                machine.fail(function, nth, "CUDA_ERROR_OUT_OF_MEMORY", false);
                boolean failed = false;
                try (Scope scope = Scope.open("run")) {
                    SmallNet net = new SmallNet(device, scope);
                    net.load(7);
                    net.step(1);
                    net.loss();
                } catch (DeviceException e) {
                    failed = true;
                    assertTrue(
                            e instanceof OutOfMemoryException || e.getMessage().contains(function), e.getMessage());
                }
                machine.reset();
                device.close();
                assertEquals("", machine.live(), function + " number " + nth);
                if (!failed) {
                    assertTrue(failures > 0, "no call of " + function + " failed");
                    return;
                }
                failures++;
            }
            throw new AssertionError(function + " is called too often to fail at each");
        }

        @ParameterizedTest
        @CsvSource({
            "cuLaunchKernel, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
            "cuModuleLoadData, CUDA_ERROR_INVALID_VALUE",
            "cuMemcpyHtoDAsync_v2, CUDA_ERROR_INVALID_VALUE",
            "cuEventCreate, CUDA_ERROR_OUT_OF_MEMORY",
            "cublasCreate_v2, CUBLAS_STATUS_ALLOC_FAILED",
            "cublasGemmEx, CUBLAS_STATUS_EXECUTION_FAILED",
            "cudnnCreate, CUDNN_STATUS_NOT_SUPPORTED",
            "cudnnCreateFilterDescriptor, CUDNN_STATUS_NOT_SUPPORTED",
            "cudnnGetConvolutionBackwardDataAlgorithm_v7, CUDNN_STATUS_NOT_SUPPORTED",
            "cudnnConvolutionForward, CUDNN_STATUS_EXECUTION_FAILED",
        })
        void nameFunctionStatusAndDeviceAndLeakNothing(String function, String status) {
            CudaDevice device = device();
            machine.fail(function, 1, status, false);
            try (Scope scope = Scope.open("run")) {
                String message = assertThrows(DeviceException.class, () -> {
                            SmallNet net = new SmallNet(device, scope);
                            net.load(7);
                            net.step(1);
                        })
                        .getMessage();
                assertTrue(message.contains(status) && message.contains("cuda:0"), message);
            }
            device.close();
            assertEquals("", machine.live());
        }

        @ParameterizedTest
        @ValueSource(strings = {"CUDA_ERROR_ILLEGAL_ADDRESS", "CUDA_ERROR_ECC_UNCORRECTABLE"})
        void thatLeaveTheDeviceUnusableAreRepeatedByEveryLaterCall(String status) {
            CudaDevice device = device();
            try (Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                net.step(1);
                machine.fail("cuLaunchKernel", 3, status, true);
                assertThrows(CudaException.class, () -> net.step(2));
                String message = assertThrows(DeviceException.class, net::loss).getMessage();
                assertTrue(message.contains("cannot be used any more") && message.contains(status), message);
            }
            device.close();
            assertEquals("", machine.live());
        }

        @Test
        void ofTheMemoryBudgetCoverWorkspaces() {
            try (CudaDevice device = SimulatedMachine.open(EXACT.withMemoryBudget(1 << 20), 1 << 20);
                    Scope scope = Scope.open("run")) {
                SmallNet net = new SmallNet(device, scope);
                net.load(7);
                OutOfMemoryException refused = assertThrows(OutOfMemoryException.class, () -> net.step(1));
                assertTrue(refused.getMessage().contains("budget 1.0 MiB"), refused.getMessage());
            }
        }
    }
}
