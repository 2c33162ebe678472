package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.codanet.bindings.cuda.CUmemLocation_st;
import org.codanet.bindings.cuda.CUmemPoolProps_st;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.nn.device.ByteCount;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.OutOfMemoryException;

/**
 * The memory of one device: counted, bounded, and kept for reuse by size, so that a step asks the driver for nothing once the
 * first one has run. Everything is used on one stream, in whose order a block is free as soon as it is given back.
 */
public final class MemoryPool implements AutoCloseable {
    private final CudaContext context;
    private final Stream stream;
    private final long budget;
    private final MemorySegment pool;
    private final Map<Long, Deque<Block>> idle = new HashMap<>();
    private final Map<String, Long> byOwner = new HashMap<>();
    private final Set<Block> held = new HashSet<>();
    private final List<Block> freedWhileRecording = new ArrayList<>();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
    private long live;
    private long peak;
    private long reserved;
    private int tensors;
    private Room recording;
    private boolean closed;

    /** @param budget bytes that may be held at once; 0 sets no bound */
    public MemoryPool(CudaContext context, Stream stream, long budget) {
        this.context = context;
        this.stream = stream;
        this.budget = budget;
        context.enter();
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment properties = CUmemPoolProps_st.allocate(temporary);
            properties.fill((byte) 0);
            CUmemPoolProps_st.allocType(properties, Cuda.CU_MEM_ALLOCATION_TYPE_PINNED());
            MemorySegment location = CUmemPoolProps_st.location(properties);
            CUmemLocation_st.type(location, Cuda.CU_MEM_LOCATION_TYPE_DEVICE());
            CUmemLocation_st.id(location, context.ordinal());
            MemorySegment handle = temporary.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuMemPoolCreate(handle, properties), "cuMemPoolCreate", "the device's pool");
            this.pool = handle.get(ValueLayout.ADDRESS, 0);
            keepAll(temporary);
        } catch (RuntimeException failure) {
            arena.close();
            throw failure;
        }
    }

    /** Left at zero, the threshold would give everything back to the system at each synchronisation. */
    private void keepAll(Arena temporary) {
        MemorySegment threshold = temporary.allocateFrom(ValueLayout.JAVA_LONG, Long.MAX_VALUE);
        int status = Cuda.cuMemPoolSetAttribute(pool, Cuda.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD(), threshold);
        if (status != 0) {
            context.checkClosing(Cuda.cuMemPoolDestroy(pool), "cuMemPoolDestroy", "the device's pool");
            context.check(status, "cuMemPoolSetAttribute", "the device's pool");
        }
    }

    /** A piece of device memory that goes back to its pool when its one owner releases it. */
    public final class Block {
        private final DevicePointer pointer;
        private final boolean kept;
        private String owner;
        private boolean tensor;
        private Room room;

        /** @param kept for the next of its size, when it is released */
        private Block(DevicePointer pointer, boolean kept) {
            this.pointer = pointer;
            this.kept = kept;
        }

        /** All of it; it begins at a multiple of 256. */
        public DevicePointer pointer() {
            return pointer;
        }

        /** Where it begins, as a bare number. */
        public long address() {
            return pointer.address();
        }

        /** Its extent. */
        public long bytes() {
            return pointer.bytes();
        }

        /** Gives it back; a second call does nothing. */
        public void release() {
            MemoryPool.this.release(this);
        }
    }

    /**
     * The memory that the tensors of a recorded step had while it was recorded: the replays use it, and nobody else, until this
     * is closed. It stays with what recorded it, so that a step which is recorded again asks for nothing.
     */
    public final class Room implements AutoCloseable {
        private final String owner;
        private final Map<Long, Deque<Block>> idle = new HashMap<>();

        private Room(String owner) {
            this.owner = owner;
        }

        /**
         * What {@code work} returns; the memory it takes is this room's from now on.
         *
         * @throws OutOfMemoryException if it takes what nobody has left behind
         * @throws IllegalStateException if it leaves a tensor open
         */
        public <T> T record(Supplier<T> work) {
            synchronized (MemoryPool.this) {
                recording = this;
            }
            try {
                T result = work.get();
                requireNothingOpen(result);
                return result;
            } finally {
                synchronized (MemoryPool.this) {
                    recording = null;
                    freedWhileRecording.forEach(MemoryPool.this::free);
                    freedWhileRecording.clear();
                }
            }
        }

        private <T> void requireNothingOpen(T result) {
            long open;
            synchronized (MemoryPool.this) {
                open = held.stream()
                        .filter(block -> block.room == this && block.tensor)
                        .count();
            }
            if (open > 0) {
                IllegalStateException refusal = new IllegalStateException(
                        context.name() + ": a captured pass may not leave a tensor open; " + open + " are");
                if (result instanceof AutoCloseable closeable) {
                    try {
                        closeable.close();
                    } catch (Exception e) {
                        refusal.addSuppressed(e);
                    }
                }
                throw refusal;
            }
        }

        /** Gives the memory back to the pool; what a tensor still holds follows when that is closed. */
        @Override
        public void close() {
            synchronized (MemoryPool.this) {
                held.forEach(block -> block.room = block.room == this ? null : block.room);
                for (Deque<Block> blocks : idle.values()) {
                    blocks.forEach(MemoryPool.this::release);
                }
                idle.clear();
            }
        }
    }

    /** Room for a step that will be recorded, empty; {@code owner} is who will close it. */
    public Room room(String owner) {
        return new Room(owner);
    }

    /** Memory with undefined contents, kept for the next of its size when it is released. */
    public synchronized Block take(long bytes, String owner) {
        Block block = recording == null ? null : poll(recording.idle, bytes);
        if (block != null) {
            forget(block);
        } else {
            block = poll(idle, bytes);
        }
        if (block == null) {
            block = new Block(allocate(bytes), true);
        }
        block.room = recording;
        block.tensor = true;
        return hold(block, owner);
    }

    private static Block poll(Map<Long, Deque<Block>> blocks, long bytes) {
        Deque<Block> kept = blocks.get(bytes);
        return kept == null ? null : kept.pollLast();
    }

    private static void keep(Map<Long, Deque<Block>> blocks, Block block) {
        blocks.computeIfAbsent(block.bytes(), size -> new ArrayDeque<>()).addLast(block);
    }

    /** @throws IllegalStateException while a step is recorded */
    void refuseWhileRecording() {
        stream.refuseWhileRecording("take memory that no earlier run of it has left behind; run it once by a call");
    }

    /** As {@link #take}, for a workspace: not counted as a tensor, and given back to the driver when it is released. */
    public synchronized Block reserve(long bytes, String owner) {
        return hold(new Block(allocate(bytes), false), owner);
    }

    private Block hold(Block block, String owner) {
        block.owner = owner;
        held.add(block);
        byOwner.merge(owner, block.bytes(), Long::sum);
        live += block.bytes();
        peak = Math.max(peak, live);
        tensors += block.tensor ? 1 : 0;
        return block;
    }

    private boolean forget(Block block) {
        if (!held.remove(block)) {
            return false;
        }
        byOwner.computeIfPresent(block.owner, (key, sum) -> sum == block.bytes() ? null : sum - block.bytes());
        live -= block.bytes();
        tensors -= block.tensor ? 1 : 0;
        block.tensor = false;
        return true;
    }

    private synchronized void release(Block block) {
        if (!forget(block)) {
            return;
        }
        if (block.room != null) {
            keep(block.room.idle, block);
            hold(block, block.room.owner);
        } else if (!block.kept || context.isDead()) {
            free(block);
        } else {
            keep(idle, block);
        }
    }

    private DevicePointer allocate(long bytes) {
        if (recording != null) {
            throw new OutOfMemoryException(
                    context.name() + ": a captured pass may not take memory that no earlier run of it has left behind; "
                            + ByteCount.text(bytes) + " are not there; run it once by a call, with that much to spare",
                    bytes,
                    0,
                    reserved);
        }
        refuseWhileRecording();
        context.enter();
        if (budget > 0 && reserved + bytes > budget) {
            drop();
            if (reserved + bytes > budget) {
                throw refused("budget " + ByteCount.text(budget), bytes, budget - reserved);
            }
        }
        int status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        if (CudaContext.isOutOfMemory(status) && !idle.isEmpty()) {
            drop();
            status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        }
        if (CudaContext.isOutOfMemory(status)) {
            long free = freeOnCard();
            throw refused(ByteCount.text(free) + " free on the card", bytes, free);
        }
        context.check(status, "cuMemAllocFromPoolAsync", ByteCount.text(bytes));
        reserved += bytes;
        return new DevicePointer(out.get(ValueLayout.JAVA_LONG, 0), bytes);
    }

    private void free(Block block) {
        if (recording != null) {
            freedWhileRecording.add(block);
            return;
        }
        context.enterToClose();
        reserved -= block.bytes();
        context.checkClosing(
                Cuda.cuMemFreeAsync(block.address(), stream.handle()), "cuMemFreeAsync", ByteCount.text(block.bytes()));
    }

    private long freeOnCard() {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment free = temporary.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = temporary.allocate(ValueLayout.JAVA_LONG);
            context.check(Cuda.cuMemGetInfo_v2(free, total), "cuMemGetInfo", "the card");
            return free.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Gives idle blocks back to the driver, and from it to the card. */
    public synchronized void trim() {
        context.enter();
        drop();
    }

    private void drop() {
        for (Deque<Block> blocks : idle.values()) {
            blocks.forEach(this::free);
        }
        idle.clear();
        context.checkClosing(Cuda.cuMemPoolTrimTo(pool, 0), "cuMemPoolTrimTo", "the device's pool");
    }

    private OutOfMemoryException refused(String why, long bytes, long available) {
        String largest = byOwner.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(entry -> "; largest holder: " + entry.getKey() + " with " + ByteCount.text(entry.getValue()))
                .orElse("");
        return new OutOfMemoryException(
                "out of memory on " + context.name() + ": " + ByteCount.text(bytes) + " asked for, " + why + ", "
                        + ByteCount.text(live) + " in use by " + tensors + " tensors" + largest,
                bytes,
                Math.max(0, available),
                reserved);
    }

    /** Bytes now, bytes at most, bytes kept, tensors now. */
    public synchronized MemoryUse use() {
        return new MemoryUse(live, peak, reserved, tensors);
    }

    /** Starts a new measurement of the peak. */
    public synchronized void resetPeak() {
        peak = live;
    }

    /** Owners that still hold something; empty if all is given back. */
    public synchronized Set<String> owners() {
        return Set.copyOf(byOwner.keySet());
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.enterToClose();
        try {
            drop();
            context.checkClosing(Cuda.cuStreamSynchronize(stream.handle()), "cuStreamSynchronize", "the pool");
        } finally {
            arena.close();
            context.checkClosing(Cuda.cuMemPoolDestroy(pool), "cuMemPoolDestroy", "the device's pool");
        }
    }
}
