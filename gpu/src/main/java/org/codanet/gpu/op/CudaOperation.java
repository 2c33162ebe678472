package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.nn.tensor.Tensor;

/** An operation of a CUDA device. Its scope closes it; later calls throw {@link IllegalStateException}. */
public abstract class CudaOperation implements AutoCloseable {
    private final CudaResources resources;
    private final String owner;
    private final String operation;
    private boolean closed;

    /**
     * @param owner path of the scope that will close this
     * @param operation name for messages
     */
    protected CudaOperation(CudaResources resources, String owner, String operation) {
        this.resources = resources;
        this.owner = owner;
        this.operation = operation;
        resources.opened(owner);
    }

    /** @throws IllegalStateException if the scope has been closed; the message names the scope */
    public final CudaResources resources() {
        if (closed) {
            throw new IllegalStateException(
                    operation + " on " + resources.name() + " was used after its scope '" + owner + "' was closed");
        }
        return resources;
    }

    protected final String operation() {
        return operation;
    }

    protected final String owner() {
        return owner;
    }

    /** The memory of an open tensor of this device; {@link DevicePointer#NULL} if {@code tensor} is null. */
    protected final DevicePointer pointer(Tensor tensor) {
        return tensor == null ? DevicePointer.NULL : CudaTensor.pointer(resources(), tensor);
    }

    protected final void requireRank(Tensor t, int rank, String role, String expected) {
        t.requireOpen();
        if (t.shape().rank() != rank) {
            throw new IllegalArgumentException(operation + ": " + role + " is " + t.shape() + ", expected " + expected);
        }
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
                resources.closed(owner);
            }
        }
    }
}
