package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which passes are cached, and what the cache does if memory is short or a pass fails. */
final class PassCacheTest {
    private static final RawImages IMAGES = Toys.batch(1, 1).part(0, 1);

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    /** Counts how often passes are created and run, and throws the failure that a test has set. */
    private static final class Log {
        private int created;
        private int run;
        private RuntimeException failure;
        private int failsWithMoreThan;
    }

    /** A pass whose result is its number. It throws the failure of its log while the cache holds more passes than the log allows. */
    private record NumberPass(int number, Log log) implements PassDefinition {
        @Override
        public RawImages.Form images() {
            return IMAGES.form();
        }

        @Override
        public PassDefinition withImages(int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Purpose purpose() {
            return Purpose.INFERENCE;
        }

        @Override
        public BufferLayout inputs(Network net) {
            return BufferLayout.EMPTY;
        }

        @Override
        public BufferLayout results(Network net) {
            return BufferLayout.builder().add("number", Shape.of(1)).build();
        }

        @Override
        public Body open(Network net, Scope scope) {
            log.created++;
            return (input, inputs, results, own) -> {
                log.run++;
                if (log.failure != null && PassCache.of(net).size() > log.failsWithMoreThan) {
                    throw log.failure;
                }
                net.device().elementwise().fill(results.get("number"), number);
            };
        }
    }

    private interface Use {
        void with(PassCache passes, Device device);
    }

    private static void withCache(String name, Use use) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("test");
                Network net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3)) {
            use.with(PassCache.of(net), device);
        }
    }

    private static HostBuffers none() {
        return new HostBuffers(BufferLayout.EMPTY);
    }

    private static void assertRuns(PassCache passes, NumberPass pass) {
        assertArrayEquals(
                new float[] {pass.number()}, passes.run(pass, IMAGES, none()).get("number"));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theLeastRecentlyUsedPassIsEvicted(String name) {
        withCache(name, (passes, device) -> {
            Log log = new Log();
            for (int number = 0; number < 8; number++) {
                assertRuns(passes, new NumberPass(number, log));
            }
            assertRuns(passes, new NumberPass(0, log));
            assertRuns(passes, new NumberPass(8, log));
            if (device.supportsCapture()) {
                assertEquals(9, log.created);
                assertEquals(8, passes.size());
                assertRuns(passes, new NumberPass(0, log));
                assertEquals(9, log.created, "pass 0 was used after pass 1");
                assertRuns(passes, new NumberPass(1, log));
                assertEquals(10, log.created);
            } else {
                assertEquals(10, log.created);
                assertEquals(0, passes.size());
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void ifMemoryIsShortAPassIsRunOnceMoreWithoutTheOthers(String name) {
        withCache(name, (passes, device) -> {
            assertRuns(passes, new NumberPass(1, new Log()));
            Log log = new Log();
            if (device.supportsCapture()) {
                log.failure = new OutOfMemoryException("short", 1, 0, 1);
                log.failsWithMoreThan = 1;
            }
            assertRuns(passes, new NumberPass(2, log));
            if (device.supportsCapture()) {
                assertEquals(2, log.created);
                assertEquals(2, log.run);
                assertEquals(1, passes.size());
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void ifMemoryIsShortWithoutTheOthersTooTheCallerIsTold(String name) {
        withCache(name, (passes, device) -> {
            assertRuns(passes, new NumberPass(1, new Log()));
            Log log = new Log();
            log.failure = new OutOfMemoryException("short", 1, 0, 1);
            log.failsWithMoreThan = -1;
            OutOfMemoryException thrown =
                    assertThrows(OutOfMemoryException.class, () -> passes.run(new NumberPass(2, log), IMAGES, none()));
            assertSame(log.failure, thrown);
            assertEquals(device.supportsCapture() ? 2 : 1, log.run);
            assertEquals(0, passes.size());
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aPassThatRunsAloneEvictsTheOthersAndIsNotRepeated(String name) {
        withCache(name, (passes, device) -> {
            assertRuns(passes, new NumberPass(1, new Log()));
            Log log = new Log();
            NumberPass alone = new NumberPass(2, log);
            passes.runAlone(alone, IMAGES, none());
            assertEquals(device.supportsCapture() ? 1 : 0, passes.size());
            log.failure = new OutOfMemoryException("short", 1, 0, 1);
            log.failsWithMoreThan = -1;
            NumberPass failing = new NumberPass(3, log);
            assertThrows(OutOfMemoryException.class, () -> passes.runAlone(failing, IMAGES, none()));
            assertEquals(2, log.run);
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aPassThatFailsIsEvictedAndCreatedAgain(String name) {
        withCache(name, (passes, device) -> {
            int tensors = device.memory().tensors();
            Log log = new Log();
            log.failure = new IllegalStateException("halfway");
            log.failsWithMoreThan = -1;
            NumberPass pass = new NumberPass(1, log);
            for (int time = 1; time <= 2; time++) {
                assertThrows(IllegalStateException.class, () -> passes.runAlone(pass, IMAGES, none()));
                assertEquals(0, passes.size());
                assertEquals(tensors, device.memory().tensors());
                assertEquals(time, log.created);
            }
            log.failure = null;
            assertRuns(passes, pass);
        });
    }
}
