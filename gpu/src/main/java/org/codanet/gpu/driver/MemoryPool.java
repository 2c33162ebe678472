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
 * The memory pool of one device. It counts memory, limits it to a budget, and reuses released blocks of the same size, so only the first
 * pass of a kind allocates memory from the driver. All memory is used on one stream. A released block can therefore be reused at once,
 * because its next use is queued after its last one.
 */
public final class MemoryPool implements AutoCloseable {
    private final CudaContext context;
    private final Stream stream;
    private final long budget;
    private final MemorySegment pool;
    private final Map<Long, Deque<Block>> idle = new HashMap<>();
    private final Map<String, Long> byOwner = new HashMap<>();
    private final Set<Block> held = new HashSet<>();
    private final List<Block> freedDuringCapture = new ArrayList<>();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
    private long live;
    private long peak;
    private long reserved;
    private int tensors;
    private GraphMemory capturing;
    private boolean closed;

    /** @param budget largest number of bytes held at once; 0 for no limit */
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
            keepIdleMemory(temporary);
        } catch (RuntimeException failure) {
            arena.close();
            throw failure;
        }
    }

    /**
     * Sets the release threshold of the driver's pool. With the default of 0 the driver would free all idle memory at each
     * synchronisation.
     */
    private void keepIdleMemory(Arena temporary) {
        MemorySegment threshold = temporary.allocateFrom(ValueLayout.JAVA_LONG, Long.MAX_VALUE);
        int status = Cuda.cuMemPoolSetAttribute(pool, Cuda.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD(), threshold);
        if (status != 0) {
            context.checkClosing(Cuda.cuMemPoolDestroy(pool), "cuMemPoolDestroy", "the device's pool");
            context.check(status, "cuMemPoolSetAttribute", "the device's pool");
        }
    }

    /** A block of device memory. It returns to the pool when its owner releases it. */
    public final class Block {
        private final DevicePointer pointer;
        private final boolean reusable;
        private String owner;
        private boolean tensor;
        private GraphMemory graph;

        /** @param reusable whether the pool keeps the block when it is released, instead of freeing it */
        private Block(DevicePointer pointer, boolean reusable) {
            this.pointer = pointer;
            this.reusable = reusable;
        }

        /** The whole block; its address is a multiple of 256. */
        public DevicePointer pointer() {
            return pointer;
        }

        /** Size in bytes. */
        public long bytes() {
            return pointer.bytes();
        }

        /** Returns the block to the pool; a second call does nothing. */
        public void release() {
            MemoryPool.this.release(this);
        }
    }

    /**
     * The memory of the tensors that a captured pass allocates. Addresses are part of the graph, so this memory is reserved for the
     * replays until it is closed. If the pass is captured again, it uses the same memory.
     */
    public final class GraphMemory implements AutoCloseable {
        private final String owner;
        private final Map<Long, Deque<Block>> idle = new HashMap<>();

        private GraphMemory(String owner) {
            this.owner = owner;
        }

        /**
         * Runs {@code work}, which captures a graph, and returns its result. From now on, the memory that {@code work} allocates belongs
         * to this object.
         *
         * @throws OutOfMemoryException if no idle block has a size that {@code work} requests; a capture cannot allocate from the driver
         * @throws IllegalStateException if {@code work} leaves a tensor open
         */
        public <T> T capture(Supplier<T> work) {
            synchronized (MemoryPool.this) {
                capturing = this;
            }
            try {
                T result = work.get();
                requireNothingOpen(result);
                return result;
            } finally {
                synchronized (MemoryPool.this) {
                    capturing = null;
                    freedDuringCapture.forEach(MemoryPool.this::free);
                    freedDuringCapture.clear();
                }
            }
        }

        private <T> void requireNothingOpen(T result) {
            long open;
            synchronized (MemoryPool.this) {
                open = held.stream()
                        .filter(block -> block.graph == this && block.tensor)
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

        /** Returns the memory to the pool. The memory of a tensor that is still open is returned when the tensor is closed. */
        @Override
        public void close() {
            synchronized (MemoryPool.this) {
                held.forEach(block -> block.graph = block.graph == this ? null : block.graph);
                for (Deque<Block> blocks : idle.values()) {
                    blocks.forEach(MemoryPool.this::release);
                }
                idle.clear();
            }
        }
    }

    /** Creates the memory for a graph that will be captured; it holds nothing yet. @param owner path of the scope that closes it */
    public GraphMemory graphMemory(String owner) {
        return new GraphMemory(owner);
    }

    /** Allocates memory for a tensor, with undefined contents. A released block is reused for the next tensor of its size. */
    public synchronized Block take(long bytes, String owner) {
        Block block = capturing == null ? null : poll(capturing.idle, bytes);
        if (block != null) {
            forget(block);
        } else {
            block = poll(idle, bytes);
        }
        if (block == null) {
            block = new Block(allocate(bytes), true);
        }
        block.graph = capturing;
        block.tensor = true;
        return hold(block, owner);
    }

    private static Block poll(Map<Long, Deque<Block>> blocks, long bytes) {
        Deque<Block> ofThisSize = blocks.get(bytes);
        return ofThisSize == null ? null : ofThisSize.pollLast();
    }

    private static void keep(Map<Long, Deque<Block>> blocks, Block block) {
        blocks.computeIfAbsent(block.bytes(), size -> new ArrayDeque<>()).addLast(block);
    }

    /** @throws IllegalStateException during a capture */
    void refuseDuringCapture() {
        stream.refuseDuringCapture("allocate device memory; run it eagerly once, which allocates it");
    }

    /**
     * Like {@link #take}, for memory that is not a tensor's, such as a workspace. It is freed when it is released, instead of being
     * reused.
     */
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
        if (block.graph != null) {
            keep(block.graph.idle, block);
            hold(block, block.graph.owner);
        } else if (!block.reusable || context.isDead()) {
            free(block);
        } else {
            keep(idle, block);
        }
    }

    private DevicePointer allocate(long bytes) {
        if (capturing != null) {
            throw new OutOfMemoryException(
                    context.name() + ": a captured pass may not allocate device memory, and no idle block of "
                            + ByteCount.text(bytes) + " is left from an eager run of it",
                    bytes,
                    0,
                    reserved);
        }
        refuseDuringCapture();
        context.enter();
        if (budget > 0 && reserved + bytes > budget) {
            freeIdle();
            if (reserved + bytes > budget) {
                throw refused("budget " + ByteCount.text(budget), bytes, budget - reserved);
            }
        }
        int status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        if (CudaContext.isOutOfMemory(status) && !idle.isEmpty()) {
            freeIdle();
            status = Cuda.cuMemAllocFromPoolAsync(out, bytes, pool, stream.handle());
        }
        if (CudaContext.isOutOfMemory(status)) {
            long free = freeBytes();
            throw refused(ByteCount.text(free) + " free on the GPU", bytes, free);
        }
        context.check(status, "cuMemAllocFromPoolAsync", ByteCount.text(bytes));
        reserved += bytes;
        return new DevicePointer(out.get(ValueLayout.JAVA_LONG, 0), bytes);
    }

    private void free(Block block) {
        if (capturing != null) {
            freedDuringCapture.add(block);
            return;
        }
        context.enterToClose();
        reserved -= block.bytes();
        context.checkClosing(
                Cuda.cuMemFreeAsync(block.pointer.address(), stream.handle()),
                "cuMemFreeAsync",
                ByteCount.text(block.bytes()));
    }

    private long freeBytes() {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment free = temporary.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = temporary.allocate(ValueLayout.JAVA_LONG);
            context.check(Cuda.cuMemGetInfo_v2(free, total), "cuMemGetInfo", "the GPU");
            return free.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Frees all idle blocks. */
    public synchronized void trim() {
        context.enter();
        freeIdle();
    }

    private void freeIdle() {
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

    /** Bytes in use, their peak, bytes held from the driver, and the number of tensors. */
    public synchronized MemoryUse use() {
        return new MemoryUse(live, peak, reserved, tensors);
    }

    /** Sets the peak to the bytes in use now. */
    public synchronized void resetPeak() {
        peak = live;
    }

    /** Owners of blocks that have not been released. */
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
            freeIdle();
            context.checkClosing(Cuda.cuStreamSynchronize(stream.handle()), "cuStreamSynchronize", "the pool");
        } finally {
            arena.close();
            context.checkClosing(Cuda.cuMemPoolDestroy(pool), "cuMemPoolDestroy", "the device's pool");
        }
    }
}
