package org.codanet.nn.cpu.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.codanet.nn.device.OutOfMemoryException;
import org.junit.jupiter.api.Test;

final class CpuMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void liveAndPeakBytesAreCounted() {
        CpuMemory memory = new CpuMemory("cpu", 0);
        CpuMemory.Block first = memory.take(3 * MIB, "run");
        CpuMemory.Block second = memory.take(MIB, "run/step");
        memory.hold(2 * MIB, "net");
        assertEquals(6 * MIB, memory.use().live());
        assertEquals(2, memory.use().tensors());
        second.release();
        memory.endHold(2 * MIB, "net");
        assertEquals(3 * MIB, memory.use().live());
        assertEquals(6 * MIB, memory.use().peak());
        assertEquals(Set.of("run"), memory.owners());
        memory.resetPeak();
        assertEquals(3 * MIB, memory.use().peak());
        first.release();
        assertEquals(0, memory.use().live());
        assertEquals(Set.of(), memory.owners());
        memory.releaseIdle();
        assertEquals(0, memory.use().reserved());
    }

    @Test
    void aReleasedBlockIsReusedForARequestOfTheSameSize() {
        CpuMemory memory = new CpuMemory("cpu", 0);
        CpuMemory.Block block = memory.take(MIB, "a");
        block.release();
        CpuMemory.Block other = memory.take(MIB / 2, "b");
        assertNotSame(block, other);
        assertSame(block, memory.take(MIB, "c"));
        other.release();
        block.release();
        memory.releaseIdle();
    }

    @Test
    void blocksStartAtACacheLine() {
        CpuMemory memory = new CpuMemory("cpu", 0);
        for (long bytes : new long[] {4, 68, 4096}) {
            CpuMemory.Block block = memory.take(bytes, "a");
            assertEquals(0, block.segment().address() % CpuMemory.ALIGNMENT, bytes + " bytes");
            block.release();
        }
        memory.releaseIdle();
    }

    @Test
    void aRequestBeyondTheBudgetIsRefusedWithItsSizeAndTheLargestHolder() {
        CpuMemory memory = new CpuMemory("cpu", 4 * MIB);
        CpuMemory.Block small = memory.take(MIB, "train/step");
        CpuMemory.Block large = memory.take(2 * MIB, "train");
        OutOfMemoryException refused =
                assertThrows(OutOfMemoryException.class, () -> memory.take(3 * MIB, "train/step"));
        assertEquals(3 * MIB, refused.requestedBytes());
        assertEquals(MIB, refused.availableBytes());
        assertTrue(refused.getMessage().contains("3.0 MiB asked for"), refused.getMessage());
        assertTrue(refused.getMessage().contains("largest holder: train with 2.0 MiB"), refused.getMessage());
        assertEquals(3 * MIB, memory.use().live());
        small.release();
        large.release();
        memory.releaseIdle();
    }

    @Test
    void idleBlocksAreFreedBeforeARequestIsRefused() {
        CpuMemory memory = new CpuMemory("cpu", 4 * MIB);
        memory.take(3 * MIB, "a").release();
        CpuMemory.Block block = memory.take(2 * MIB, "b");
        assertEquals(2 * MIB, memory.use().reserved());
        block.release();
        memory.releaseIdle();
    }
}
