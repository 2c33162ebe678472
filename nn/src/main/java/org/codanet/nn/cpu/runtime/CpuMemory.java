package org.codanet.nn.cpu.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.codanet.nn.device.ByteCount;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.OutOfMemoryException;

/**
 * The memory pool of a CPU device. It counts memory, limits it to a budget, and keeps released blocks for reuse by size. Every training
 * step needs the same blocks, and the first access to new pages costs more than the work on them. Thread-safe.
 */
public final class CpuMemory {
    /** 64 bytes, the size of a cache line and of the widest vector. */
    static final int ALIGNMENT = 64;

    private final String device;
    private final long budget;
    private final Map<Long, Deque<Block>> idle = new HashMap<>();
    private final Map<String, Long> byOwner = new HashMap<>();
    private long live;
    private long peak;
    private long reserved;
    private int tensors;

    /** @param budget largest number of bytes held at once; 0 for no limit */
    public CpuMemory(String device, long budget) {
        this.device = device;
        this.budget = budget;
    }

    /** A block of native memory. It returns to the pool when its owner releases it. */
    public final class Block {
        private final Arena arena;
        private final long bytes;
        private final MemorySegment segment;
        private String owner;

        private Block(long bytes) {
            this.arena = Arena.ofShared();
            this.bytes = bytes;
            try {
                this.segment = arena.allocate(bytes, ALIGNMENT);
            } catch (OutOfMemoryError e) {
                arena.close();
                throw refused("the system has no free memory", bytes, 0);
            }
        }

        public MemorySegment segment() {
            return segment;
        }

        public void release() {
            CpuMemory.this.release(this);
        }
    }

    /** A block with undefined contents. */
    public synchronized Block take(long bytes, String owner) {
        Deque<Block> sameSize = idle.get(bytes);
        Block block = sameSize == null ? null : sameSize.pollLast();
        if (block == null) {
            requireCapacity(bytes, owner);
            block = new Block(bytes);
            reserved += bytes;
        }
        block.owner = owner;
        byOwner.merge(owner, bytes, Long::sum);
        live += bytes;
        peak = Math.max(peak, live);
        tensors++;
        return block;
    }

    /** Counts heap arrays of an operation or the workspace, so that the budget and the reported peak include them. */
    public synchronized void hold(long bytes, String owner) {
        requireCapacity(bytes, owner);
        byOwner.merge(owner, bytes, Long::sum);
        reserved += bytes;
        live += bytes;
        peak = Math.max(peak, live);
    }

    /** Ends the count that {@link #hold} began. */
    public synchronized void endHold(long bytes, String owner) {
        forget(owner, bytes);
        reserved -= bytes;
        live -= bytes;
    }

    private synchronized void release(Block block) {
        forget(block.owner, block.bytes);
        live -= block.bytes;
        tensors--;
        idle.computeIfAbsent(block.bytes, size -> new ArrayDeque<>()).addLast(block);
    }

    private void forget(String owner, long bytes) {
        byOwner.computeIfPresent(owner, (key, held) -> held == bytes ? null : held - bytes);
    }

    private void requireCapacity(long bytes, String owner) {
        if (budget == 0 || reserved + bytes <= budget) {
            return;
        }
        releaseIdle();
        if (reserved + bytes > budget) {
            throw refused("budget " + ByteCount.text(budget), bytes, budget - reserved);
        }
    }

    /** Frees idle blocks. */
    public synchronized void releaseIdle() {
        for (Deque<Block> blocks : idle.values()) {
            for (Block block : blocks) {
                reserved -= block.bytes;
                block.arena.close();
            }
        }
        idle.clear();
    }

    private OutOfMemoryException refused(String why, long bytes, long available) {
        String largest = byOwner.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(entry -> "; largest holder: " + entry.getKey() + " with " + ByteCount.text(entry.getValue()))
                .orElse("");
        return new OutOfMemoryException(
                "out of memory on " + device + ": " + ByteCount.text(bytes) + " asked for, " + why + ", "
                        + ByteCount.text(live) + " in use by " + tensors + " tensors" + largest,
                bytes,
                available,
                reserved);
    }

    public synchronized MemoryUse use() {
        return new MemoryUse(live, peak, reserved, tensors);
    }

    public synchronized void resetPeak() {
        peak = live;
    }

    /** Owners that still hold memory; empty if all memory has been released. */
    public synchronized Set<String> owners() {
        return Set.copyOf(byOwner.keySet());
    }
}
