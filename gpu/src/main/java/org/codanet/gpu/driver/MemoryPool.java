package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.codanet.bindings.cuda.CUmemLocation_st;
import org.codanet.bindings.cuda.CUmemPoolProps_st;
import org.codanet.bindings.cuda.Cuda;
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
    private final Arena arena = Arena.ofShared();
    private final MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
    private long live;
    private long peak;
    private long reserved;
    private int tensors;
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
        private final long address;
        private final long bytes;
        private final boolean tensor;
        private String owner;

        private Block(long address, long bytes, boolean tensor) {
            this.address = address;
            this.bytes = bytes;
            this.tensor = tensor;
        }

        /** Where it begins, on the device; a multiple of 256. */
        public long address() {
            return address;
        }

        /** Its extent. */
        public long bytes() {
            return bytes;
        }

        /** Gives it back; a second call does nothing. */
        public void release() {
            MemoryPool.this.release(this);
        }
    }

    /** Memory with undefined contents, kept for the next of its size when it is released. */
    public synchronized Block take(long bytes, String owner) {
        Deque<Block> kept = idle.get(bytes);
        Block block = kept == null ? null : kept.pollLast();
        if (block == null) {
            block = new Block(allocate(bytes), bytes, true);
        }
        return hold(block, owner);
    }

    /** As {@link #take}, for a workspace: not counted as a tensor, and given back to the driver when it is released. */
    public synchronized Block reserve(long bytes, String owner) {
        return hold(new Block(allocate(bytes), bytes, false), owner);
    }

    private Block hold(Block block, String owner) {
        block.owner = owner;
        held.add(block);
        byOwner.merge(owner, block.bytes, Long::sum);
        live += block.bytes;
        peak = Math.max(peak, live);
        tensors += block.tensor ? 1 : 0;
        return block;
    }

    private synchronized void release(Block block) {
        if (!held.remove(block)) {
            return;
        }
        byOwner.computeIfPresent(block.owner, (key, sum) -> sum == block.bytes ? null : sum - block.bytes);
        live -= block.bytes;
        tensors -= block.tensor ? 1 : 0;
        if (block.tensor && !context.isDead()) {
            idle.computeIfAbsent(block.bytes, size -> new ArrayDeque<>()).addLast(block);
        } else {
            free(block);
        }
    }

    private long allocate(long bytes) {
        context.enter();
        if (budget > 0 && reserved + bytes > budget) {
            drop();
            if (reserved + bytes > budget) {
                throw refused("budget " + mib(budget), bytes, budget - reserved);
            }
        }
        int status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        if (CudaContext.isOutOfMemory(status) && !idle.isEmpty()) {
            drop();
            status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        }
        if (CudaContext.isOutOfMemory(status)) {
            long free = freeOnCard();
            throw refused(mib(free) + " free on the card", bytes, free);
        }
        context.check(status, "cuMemAllocFromPoolAsync", mib(bytes));
        reserved += bytes;
        return out.get(ValueLayout.JAVA_LONG, 0);
    }

    private void free(Block block) {
        context.enterToClose();
        reserved -= block.bytes;
        context.checkClosing(Cuda.cuMemFreeAsync(block.address, stream.handle()), "cuMemFreeAsync", mib(block.bytes));
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
                .map(entry -> "; largest holder: " + entry.getKey() + " with " + mib(entry.getValue()))
                .orElse("");
        return new OutOfMemoryException(
                "out of memory on " + context.name() + ": " + mib(bytes) + " asked for, " + why + ", " + mib(live)
                        + " in use by " + tensors + " tensors" + largest + "; a smaller batch needs less",
                bytes,
                Math.max(0, available));
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
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
