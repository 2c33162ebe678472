package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;

/** A native handle with one owner: closed once, and of no use after that. */
public abstract class Handle implements AutoCloseable {
    private final CudaContext context;
    private final String kind;
    private final MemorySegment handle;
    private boolean closed;

    /** @param kind what this is, for messages */
    protected Handle(CudaContext context, String kind, MemorySegment handle) {
        this.context = context;
        this.kind = kind;
        this.handle = handle;
    }

    /** @throws IllegalStateException if this is closed */
    public final MemorySegment handle() {
        if (closed) {
            throw new IllegalStateException(kind + " on " + context.name() + " was used after it was closed");
        }
        return handle;
    }

    /** The context this belongs to. */
    public final CudaContext context() {
        return context;
    }

    /** Gives the handle back; called once. */
    protected abstract void destroy(MemorySegment handle);

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            context.enterToClose();
            destroy(handle);
        }
    }

    @Override
    public final String toString() {
        return kind;
    }
}
