package org.codanet.nn.cpu.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

final class WorkspaceTest {
    private enum Array implements ArrayName {
        SCORES,
        FACTORS
    }

    private enum OtherPackage implements ArrayName {
        VALUES
    }

    private final CpuMemory memory = new CpuMemory("cpu", 0);
    private final Workspace workspace = new Workspace(2, memory);

    @Nested
    class ASecondLeaseOfTheSameArray {
        @Test
        void failsAndNamesBothOwnersWhileTheFirstIsOpen() {
            try (Lease first = workspace.lease(1, Array.SCORES, 10, "forward pass")) {
                IllegalStateException refused = assertThrows(
                        IllegalStateException.class, () -> workspace.lease(1, Array.SCORES, 5, "back-projection"));
                assertEquals(
                        "back-projection: workspace array SCORES of worker 1 is still leased by forward pass",
                        refused.getMessage());
                assertEquals(10, first.values().length);
            }
        }

        @Test
        void failsForASharedArrayToo() {
            try (Lease first = workspace.leaseShared(Array.SCORES, 10, "gradient")) {
                assertThrows(
                        IllegalStateException.class, () -> workspace.leaseShared(Array.SCORES, 10, "forward pass"));
                assertEquals(10, first.values().length);
            }
        }

        @Test
        void failsUnderAnotherNameWithTheSameOrdinal() {
            try (Lease first = workspace.lease(0, Array.SCORES, 10, "forward pass")) {
                assertThrows(IllegalStateException.class, () -> workspace.lease(0, OtherPackage.VALUES, 1, "adam"));
                assertEquals(10, first.values().length);
            }
        }

        @Test
        void succeedsOnceTheFirstIsClosed() {
            float[] values;
            try (Lease first = workspace.lease(0, Array.SCORES, 10, "forward pass")) {
                values = first.values();
            }
            try (Lease second = workspace.lease(0, Array.SCORES, 5, "back-projection")) {
                assertSame(values, second.values());
            }
        }
    }

    @Test
    void arraysOfOtherWorkersSlotsAndTheSharedOneAreIndependent() {
        try (Lease one = workspace.lease(0, Array.SCORES, 10, "a");
                Lease other = workspace.lease(1, Array.SCORES, 10, "b");
                Lease factors = workspace.lease(0, Array.FACTORS, 10, "c");
                Lease shared = workspace.leaseShared(Array.SCORES, 10, "d")) {
            assertNotSame(one.values(), other.values());
            assertNotSame(one.values(), factors.values());
            assertNotSame(one.values(), shared.values());
        }
    }

    @Test
    void valuesOfAClosedLeaseAreRefused() {
        Lease lease = workspace.lease(0, Array.SCORES, 10, "forward pass");
        lease.close();
        lease.close();
        assertThrows(IllegalStateException.class, lease::values);
    }

    @Test
    void arraysGrowAndCountAsMemoryUntilTheyAreFreed() {
        workspace.lease(0, Array.SCORES, 10, "forward pass").close();
        workspace.lease(0, Array.SCORES, 30, "forward pass").close();
        workspace.leaseShared(Array.FACTORS, 5, "forward pass").close();
        assertEquals(35 * Float.BYTES, memory.use().live());
        workspace.free();
        assertEquals(0, memory.use().live());
    }

    @Test
    void freeingFailsWhileAnArrayIsLeased() {
        try (Lease lease = workspace.lease(0, Array.SCORES, 10, "forward pass")) {
            String message =
                    assertThrows(IllegalStateException.class, workspace::free).getMessage();
            assertTrue(message.contains("forward pass"), message);
            assertEquals(10, lease.values().length);
        }
    }
}
