package org.codanet.nn.reference.op;

import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** An operation of the reference device. Its scope closes it; later calls throw. */
public abstract class ReferenceOperation implements AutoCloseable {
    private final ReferenceMemory memory;
    private final String owner;
    private final String operation;
    private boolean closed;

    /** @param operation its name in messages */
    public ReferenceOperation(ReferenceMemory memory, Scope scope, String operation) {
        this.memory = memory;
        this.owner = scope.path();
        this.operation = operation;
        memory.operationOpened(owner);
    }

    /** @throws IllegalStateException naming the owner, if its scope has been closed */
    protected final void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    operation + " on reference was used after its scope '" + owner + "' was closed");
        }
    }

    protected final String owner() {
        return owner;
    }

    protected final ReferenceMemory memory() {
        return memory;
    }

    protected final String operation() {
        return operation;
    }

    /** The tensor as one of this device, if it is open and has that shape. */
    protected final ReferenceTensor tensor(Tensor tensor, Shape expected, String role) {
        ReferenceTensor own = ReferenceTensor.of(tensor, memory);
        own.require(expected, operation, role);
        return own;
    }

    /** The tensor as one of this device, if it is open and has that rank. {@code expected} names the extents, for the message. */
    protected final ReferenceTensor tensor(Tensor tensor, int rank, String role, String expected) {
        ReferenceTensor own = ReferenceTensor.of(tensor, memory);
        if (own.shape().rank() != rank) {
            throw new IllegalArgumentException(
                    operation + ": " + role + " is " + own.shape() + ", expected " + expected);
        }
        return own;
    }

    /** Frees what a subclass holds. Called once. */
    protected void release() {}

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            release();
            memory.operationClosed(owner);
        }
    }
}
