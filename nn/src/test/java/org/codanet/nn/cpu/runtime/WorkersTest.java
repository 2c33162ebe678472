package org.codanet.nn.cpu.runtime;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyTaskRunsOnceAndNoTwoWorkersShareANumber(int count) {
        try (Workers workers = new Workers(count, "test")) {
            // Many calls, some with fewer and some with more tasks than workers, because errors are most likely in the
            // transition between calls.
            for (int call = 0; call < 500; call++) {
                int tasks = call % 17;
                AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
                AtomicIntegerArray busy = new AtomicIntegerArray(count);
                workers.run(tasks, (index, worker) -> {
                    assertEquals(0, busy.getAndIncrement(worker), "two tasks at once share worker " + worker);
                    runs.incrementAndGet(index);
                    busy.decrementAndGet(worker);
                });
                for (int i = 0; i < tasks; i++) {
                    assertEquals(1, runs.get(i), "task " + i + " of " + tasks);
                }
            }
        }
    }

    @Test
    void theCallerSeesWhatTheTasksWrote() {
        try (Workers workers = new Workers(3, "test")) {
            for (int call = 0; call < 200; call++) {
                int[] written = new int[64];
                int value = call + 1;
                workers.run(written.length, (index, worker) -> written[index] = value);
                for (int each : written) {
                    assertEquals(value, each);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void theFailureOfATaskIsThrownAndTheNextCallRuns(int count) {
        try (Workers workers = new Workers(count, "test")) {
            IllegalStateException failure = new IllegalStateException("task 5");
            assertSame(
                    failure,
                    assertThrows(
                            IllegalStateException.class,
                            () -> workers.run(9, (index, worker) -> {
                                if (index == 5) {
                                    throw failure;
                                }
                            })));
            int[] runs = new int[4];
            workers.run(4, (index, worker) -> runs[index]++);
            assertEquals(4, runs[0] + runs[1] + runs[2] + runs[3]);
        }
    }

    @Test
    void anInterruptDoesNotEndACallAndIsNotLost() {
        try (Workers workers = new Workers(2, "test")) {
            Thread.currentThread().interrupt();
            int[] runs = new int[8];
            workers.run(8, (index, worker) -> runs[index]++);
            assertTrue(Thread.interrupted(), "the interrupt was swallowed");
            for (int each : runs) {
                assertEquals(1, each);
            }
        }
    }

    @Test
    void closedWorkersRefuseCalls() {
        Workers workers = new Workers(2, "test");
        workers.close();
        assertDoesNotThrow(workers::close);
        assertThrows(IllegalStateException.class, () -> workers.run(2, (index, worker) -> {}));
    }
}
