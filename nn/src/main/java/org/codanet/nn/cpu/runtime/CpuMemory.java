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
 * The native memory of a CPU device: counted, bounded, and kept for reuse by size, since a training step asks for the same
 * blocks every time and fresh pages cost more than the work on them. Thread-safe.
 */
public final class CpuMemory {
    /** 64 bytes: a cache line and the widest vector. */
    static final int ALIGNMENT = 64;

    private final String device;
    private final long budget;
    private final Map<Long, Deque<Block>> idle = new HashMap<>();
    private final Map<String, Long> byOwner = new HashMap<>();
    private long live;
    private long peak;
    private long reserved;
    private int tensors;

    /** @param budget bytes that may be held at once; 0 sets no bound */
    public CpuMemory(String device, long budget) {
        this.device = device;
        this.budget = budget;
    }

    /** A piece of native memory that goes back to its device when its one owner releases it. */
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
                throw refused("the system has no room", bytes, 0);
            }
        }

        public MemorySegment segment() {
            return segment;
        }

        public void release() {
            CpuMemory.this.release(this);
        }
    }

    /** Memory with undefined contents. */
    public synchronized Block take(long bytes, String owner) {
        Deque<Block> kept = idle.get(bytes);
        Block block = kept == null ? null : kept.pollLast();
        if (block == null) {
            makeRoom(bytes, owner);
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

    /** Counts heap arrays that a prepared operation holds, so that the budget and the printed peak cover them. */
    public synchronized void hold(long bytes, String owner) {
        makeRoom(bytes, owner);
        byOwner.merge(owner, bytes, Long::sum);
        reserved += bytes;
        live += bytes;
        peak = Math.max(peak, live);
    }

    /** Ends {@link #hold}. */
    public synchronized void letGo(long bytes, String owner) {
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

    private void makeRoom(long bytes, String owner) {
        if (budget == 0 || reserved + bytes <= budget) {
            return;
        }
        drop();
        if (reserved + bytes > budget) {
            throw refused("budget " + ByteCount.text(budget), bytes, budget - reserved);
        }
    }

    /** Gives idle blocks back to the system. */
    public synchronized void drop() {
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

    /** Owners that still hold something; empty if all is given back. */
    public synchronized Set<String> owners() {
        return Set.copyOf(byOwner.keySet());
    }
}
