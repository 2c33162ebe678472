package org.codanet.nn.cpu.dnnl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Handles of oneDNN with a common owner. They are counted, and destroyed together, newest first. Not thread-safe. */
public final class DnnlHandles implements AutoCloseable {
    private static final AtomicLong OPEN = new AtomicLong();

    private record Handle(MemorySegment address, Consumer<MemorySegment> destroy) {}

    // Shared, because a scope may be closed by another thread than the one that opened it.
    private final Arena arena = Arena.ofShared();
    private final Deque<Handle> handles = new ArrayDeque<>();
    private boolean closed;

    /** Number of handles in this process that have not been destroyed. */
    public static long open() {
        return OPEN.get();
    }

    /** Native memory that lives as long as these handles. */
    Arena arena() {
        return arena;
    }

    /**
     * Creates a handle and owns it.
     *
     * @param create writes the handle to the given pointer, or throws
     * @param destroy throws on failure
     */
    MemorySegment own(Consumer<MemorySegment> create, Consumer<MemorySegment> destroy) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        create.accept(out);
        MemorySegment handle = out.get(ValueLayout.ADDRESS, 0);
        handles.push(new Handle(handle, destroy));
        OPEN.incrementAndGet();
        return handle;
    }

    /** Destroys all handles, even if some fail. Throws the first failure, with the others suppressed in it. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        RuntimeException failure = null;
        while (!handles.isEmpty()) {
            Handle handle = handles.pop();
            try {
                handle.destroy().accept(handle.address());
                OPEN.decrementAndGet();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        arena.close();
        if (failure != null) {
            throw failure;
        }
    }
}
