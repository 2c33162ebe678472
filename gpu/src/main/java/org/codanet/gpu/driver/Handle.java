package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;

/** A native handle. Its owner closes it; any use after that throws. */
public abstract class Handle implements AutoCloseable {
    private final CudaContext context;
    private final String kind;
    private final MemorySegment handle;
    private boolean closed;

    /** @param kind name for messages, such as {@code stream} */
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

    /** The context that this handle belongs to. */
    public final CudaContext context() {
        return context;
    }

    /** Destroys the handle. Called once. */
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
