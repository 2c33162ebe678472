package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What every {@link Device} promises about transfers, memory, lifetimes and capture. */
public abstract class DeviceContract {
    /** Opens a device of the kind under test. */
    protected abstract Device open(DeviceOptions options);

    private Device open() {
        return open(DeviceOptions.defaults());
    }

    /** Extents that are not a multiple of a vector or of a page. */
    private static final Shape ODD = Shape.of(3, 7, 11);

    @Test
    void aDeviceHasANameAndADescriptionWithoutLineBreaks() {
        try (Device device = open()) {
            assertTrue(device.description().startsWith(device.name()), device.description());
            assertFalse(device.description().contains("\n"), device.description());
        }
    }

    @Nested
    class Transfers {
        @Test
        void downloadReturnsWhatUploadCopied() {
            try (Device device = open();
                    Scope scope = Scope.open("run")) {
                Tensor tensor = device.allocate(scope, ODD);
                float[] values = Values.uniform(5, ODD);
                // Values that a careless conversion would change: negative zero, subnormal numbers, infinities, NaN.
                values[0] = -0f;
                values[1] = Float.MIN_VALUE;
                values[2] = Float.NEGATIVE_INFINITY;
                values[3] = Float.NaN;
                device.upload(values, tensor);
                float[] back = new float[values.length];
                device.download(tensor, back);
                assertArrayEquals(values, back);
            }
        }

        @Test
        void uploadAndDownloadRefuseAnArrayThatIsTooShort() {
            try (Device device = open();
                    Scope scope = Scope.open("run")) {
                Tensor tensor = device.allocate(scope, ODD);
                String message = assertThrows(
                                IllegalArgumentException.class, () -> device.upload(new float[230], tensor))
                        .getMessage();
                assertTrue(message.contains("230") && message.contains("231"), message);
                assertThrows(IllegalArgumentException.class, () -> device.download(tensor, new float[230]));
            }
        }

        @Test
        void anUploadOfBytesRefusesAnArrayThatIsTooShort() {
            try (Device device = open();
                    Scope scope = Scope.open("run")) {
                ByteTensor bytes = device.allocateBytes(scope, ODD);
                assertEquals(ODD, bytes.shape());
                assertEquals(Shape.of(58), bytes.storage().shape(), "four bytes in the place of a float");
                String message = assertThrows(IllegalArgumentException.class, () -> device.upload(new byte[230], bytes))
                        .getMessage();
                assertTrue(message.contains("230") && message.contains("231"), message);
                assertThrows(IllegalArgumentException.class, () -> new ByteTensor(Shape.of(233), bytes.storage()));
            }
        }

        /** More bytes than the staging buffer of any device. The values are checked near each MiB and at the end. */
        @Test
        void manyBytesAreUploadedInOrder() {
            Shape shape = Shape.of(1, 1, 2501, 2003);
            int rows = 3;
            int columns = 2003;
            byte[] expected = Values.bytes(5, shape);
            try (Device device = open();
                    Scope scope = Scope.open("run")) {
                ByteTensor bytes = device.allocateBytes(scope, shape);
                byte[] source = expected.clone();
                device.upload(source, bytes);
                Arrays.fill(source, (byte) 0);
                Tensor placement = device.allocate(scope, Shape.of(1, 3));
                Tensor x = device.allocate(scope, Shape.of(1, rows, columns, 1));
                ImageInput input = device.imageInput(scope);
                for (int top : new int[] {0, 522, 1046, 1569, 2093, 2498}) {
                    device.upload(new float[] {top, 0, 0}, placement);
                    input.forward(bytes, placement, false, x);
                    float[] values = values(device, x);
                    for (int i = 0; i < values.length; i++) {
                        int at = top * columns + i;
                        assertEquals(Byte.toUnsignedInt(expected[at]) / 255f, values[i], "byte " + at);
                    }
                }
            }
        }
    }

    @Nested
    class Memory {
        @Test
        void viewsShareMemory() {
            try (Device device = open();
                    Scope scope = Scope.open("run")) {
                Tensor tensor = device.allocate(scope, ODD);
                device.elementwise().fill(tensor, 1);
                Tensor middle = tensor.slice(1, 1).reshape(Shape.of(7, 11)).slice(2, 3);
                device.elementwise().fill(middle, 2);
                assertEquals(Shape.of(3, 11), middle.shape());
                float[] values = new float[231];
                device.download(tensor, values);
                for (int i = 0; i < values.length; i++) {
                    assertEquals(i >= 99 && i < 132 ? 2 : 1, values[i], "element " + i);
                }
                assertEquals(1, device.memory().tensors(), "a view is not counted as a tensor");
                assertThrows(IllegalArgumentException.class, () -> tensor.reshape(Shape.of(230)));
                assertThrows(IndexOutOfBoundsException.class, () -> tensor.slice(2, 2));
            }
        }

        @Test
        void memoryIsCountedAndFreedWithTheScope() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                long before = device.memory().live();
                long most;
                try (Scope step = run.child("step")) {
                    device.allocate(step, ODD);
                    device.allocate(step, ODD);
                    assertEquals(2, device.memory().tensors());
                    most = device.memory().live();
                    assertTrue(most >= before + 2 * ODD.bytes(), "live: " + most);
                    assertTrue(device.memory().reserved() >= most, "reserved: " + device.memory());
                }
                assertEquals(0, device.memory().tensors());
                assertEquals(before, device.memory().live());
                assertEquals(most, device.memory().peak());
                device.resetPeakMemory();
                assertEquals(before, device.memory().peak());
            }
        }

        @Test
        void trimmedMemoryIsAllocatedAgainWhenItIsNeeded() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                SmallPass pass = new SmallPass(device, run);
                List<float[]> expected = pass.results(1, pass);
                CapturedGraph graph = device.capture(run, pass);
                long before = device.memory().live();
                device.trimMemory();
                assertTrue(device.memory().live() <= before);
                assertTrue(device.memory().reserved() <= device.memory().live(), "nothing is kept for reuse");
                for (Runnable again : List.<Runnable>of(pass, graph::run, graph::run)) {
                    List<float[]> actual = pass.results(1, again);
                    assertArrayEquals(expected.get(0), actual.get(0));
                    assertArrayEquals(expected.get(1), actual.get(1));
                }
            }
        }

        @Test
        void theBudgetIsKeptAndTheMessageNamesTheLargestHolder() {
            long mib = 1 << 20;
            // The budget holds one and a half blocks of doubles, so every device refuses the fourth block of floats at
            // the latest.
            try (Device device = open(DeviceOptions.defaults().withMemoryBudget(3 * mib));
                    Scope run = Scope.open("run")) {
                Scope hoard = run.child("hoard");
                Shape block = Shape.of(1 << 18);
                OutOfMemoryException refused = assertThrows(OutOfMemoryException.class, () -> {
                    for (int i = 0; i < 4; i++) {
                        device.allocate(hoard, block);
                    }
                });
                assertTrue(refused.getMessage().contains("run/hoard"), refused.getMessage());
                assertTrue(refused.requestedBytes() >= block.bytes(), refused.getMessage());
                assertTrue(refused.availableBytes() < refused.requestedBytes(), refused.getMessage());
                assertTrue(device.memory().live() <= 3 * mib, "live: " + device.memory());
                hoard.close();
                assertDoesNotThrow(() -> device.allocate(run, block), "freed memory can be allocated again");
            }
        }
    }

    @Nested
    class Lifetimes {
        @Test
        void aTensorUsedAfterItsScopeNamesTheScope() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                Scope step = run.child("step");
                Tensor tensor = device.allocate(step, ODD);
                Tensor view = tensor.slice(0, 1);
                step.close();
                for (Tensor dead : new Tensor[] {tensor, view}) {
                    String message = assertThrows(
                                    IllegalStateException.class,
                                    () -> device.elementwise().fill(dead, 1))
                            .getMessage();
                    assertTrue(message.contains("'run/step'"), message);
                    assertThrows(IllegalStateException.class, () -> device.download(dead, new float[231]));
                    assertThrows(IllegalStateException.class, () -> dead.slice(0, 1));
                }
            }
        }

        @Test
        void anOperationUsedAfterItsScopeNamesTheScope() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                Scope step = run.child("step");
                SumPool pool = device.sumPool(step);
                Tensor z = device.allocate(run, Shape.of(1, 1, 1, 1));
                Tensor logits = device.allocate(run, Shape.of(1, 1));
                step.close();
                String message = assertThrows(IllegalStateException.class, () -> pool.forward(z, 1, 0, logits))
                        .getMessage();
                assertTrue(message.contains("'run/step'"), message);
            }
        }

        @Test
        void closingWithOpenTensorsNamesTheirScopes() {
            Device device = open();
            try (Scope run = Scope.open("forgotten")) {
                device.allocate(run, ODD);
                String message =
                        assertThrows(IllegalStateException.class, device::close).getMessage();
                assertTrue(message.contains("forgotten"), message);
            }
            assertDoesNotThrow(device::close);
        }

        @Test
        void aClosedScopeCannotOwnATensor() {
            try (Device device = open()) {
                Scope run = Scope.open("run");
                run.close();
                assertThrows(IllegalStateException.class, () -> device.allocate(run, ODD));
                assertEquals(0, device.memory().tensors(), "the refused tensor was freed");
            }
        }

        @Test
        void tensorsOfAnotherDeviceAreRefused() {
            try (Workplace elsewhere = OperationContract.reference();
                    Device device = open()) {
                Tensor foreign = elsewhere.variable(Shape.of(2), new float[2]);
                String message = assertThrows(
                                IllegalArgumentException.class,
                                () -> device.elementwise().fill(foreign, 1))
                        .getMessage();
                assertTrue(message.contains("not on this device"), message);
                assertThrows(IllegalArgumentException.class, () -> device.upload(new float[2], foreign));
                ByteTensor bytes = elsewhere.bytes(Shape.of(2), new byte[2]);
                assertThrows(IllegalArgumentException.class, () -> device.upload(new byte[2], bytes));
            }
        }
    }

    @Nested
    class Capture {
        /** Also tests new data in the same tensors. */
        @Test
        void aReplayGivesTheSameBitsAsTheEagerPass() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                SmallPass pass = new SmallPass(device, run);
                List<float[]> expected = new ArrayList<>();
                for (int seed = 0; seed < 3; seed++) {
                    expected.addAll(pass.results(seed, pass));
                }
                int before = device.memory().tensors();
                try (Scope owner = run.child("graph")) {
                    CapturedGraph graph = device.capture(owner, pass);
                    assertArrayEquals(expected.getLast(), values(device, pass.dX), "a capture computes nothing");
                    List<float[]> actual = new ArrayList<>();
                    for (int seed = 0; seed < 3; seed++) {
                        actual.addAll(pass.results(seed, graph::run));
                    }
                    for (int i = 0; i < expected.size(); i++) {
                        assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
                    }
                }
                assertEquals(before, device.memory().tensors());
            }
        }

        @Test
        void aCaptureMayNotCopyOrWaitOrStartAnotherCapture() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                Tensor tensor = device.allocate(run, ODD);
                device.elementwise().fill(tensor, 1);
                ByteTensor bytes = device.allocateBytes(run, ODD);
                Map<Runnable, String> refused = Map.of(
                        () -> device.upload(new float[231], tensor),
                        "upload",
                        () -> device.upload(new byte[231], bytes),
                        "upload",
                        () -> device.download(tensor, new float[231]),
                        "download",
                        device::synchronize,
                        "wait",
                        () -> device.capture(run, () -> {}),
                        "capture another");
                refused.forEach((step, what) -> {
                    String message = assertThrows(
                                    IllegalStateException.class,
                                    () -> device.capture(run, step).run())
                            .getMessage();
                    assertTrue(message.contains("a captured pass may not " + what), message);
                    step.run();
                });
            }
        }

        @Test
        void aGraphUsedAfterItsScopeNamesTheScope() {
            try (Device device = open();
                    Scope run = Scope.open("run")) {
                Tensor tensor = device.allocate(run, ODD);
                Scope owner = run.child("graph");
                CapturedGraph graph =
                        device.capture(owner, () -> device.elementwise().fill(tensor, 1));
                owner.close();
                String message =
                        assertThrows(IllegalStateException.class, graph::run).getMessage();
                assertTrue(message.contains("'run/graph'"), message);
                assertDoesNotThrow(graph::close);
            }
        }
    }

    /** A forward pass and a gradient through a network with every kind of layer, from one tensor to two others. */
    private static final class SmallPass implements Runnable {
        private final Device device;
        private final Scope run;
        private final Sequential net;
        private final Tensor x;
        private final Tensor y;
        private final Tensor dX;

        SmallPass(Device device, Scope run) {
            this.device = device;
            this.run = run;
            this.net = SmallNet.create(device, run);
            net.prepare(Purpose.TRAINING);
            this.x = device.allocate(run, SmallNet.INPUT);
            this.y = device.allocate(run, net.outputShape(x.shape()));
            this.dX = device.allocate(run, x.shape());
        }

        @Override
        public void run() {
            try (Scope own = run.child("step")) {
                Passes passes = net.forward(x, Purpose.TRAINING, own);
                device.elementwise().copy(passes.output(), y);
                net.backward(passes, y, dX, own);
            }
        }

        /** Output and gradient for a seeded input, computed by {@code pass}, which is this object or a capture of it. */
        List<float[]> results(int seed, Runnable pass) {
            device.upload(Values.uniform(seed, x.shape()), x);
            pass.run();
            return List.of(values(device, y), values(device, dX));
        }
    }

    private static float[] values(Device device, Tensor tensor) {
        float[] values = new float[(int) tensor.shape().elements()];
        device.download(tensor, values);
        return values;
    }
}
