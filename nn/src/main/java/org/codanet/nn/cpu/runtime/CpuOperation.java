package org.codanet.nn.cpu.runtime;

/** An operation of the CPU device. Its scope closes it; later calls throw {@link IllegalStateException}. */
public abstract class CpuOperation implements AutoCloseable {
    private final CpuContext context;
    private final String owner;
    private final String operation;
    private boolean closed;

    /**
     * @param owner path of the scope that closes this
     * @param operation its name in messages
     */
    public CpuOperation(CpuContext context, String owner, String operation) {
        this.context = context;
        this.owner = owner;
        this.operation = operation;
        context.operations().opened(owner);
    }

    /** @throws IllegalStateException if the scope has been closed; the message names the scope */
    protected final CpuContext context() {
        if (closed) {
            throw new IllegalStateException(
                    operation + " on " + context.name() + " was used after its scope '" + owner + "' was closed");
        }
        return context;
    }

    protected final String owner() {
        return owner;
    }

    protected final String operation() {
        return operation;
    }

    /** Frees what a subclass holds. Called once. */
    protected void release() {}

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            try {
                release();
            } finally {
                context.operations().closed(owner);
            }
        }
    }
}
