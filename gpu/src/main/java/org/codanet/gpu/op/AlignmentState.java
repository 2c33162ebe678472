package org.codanet.gpu.op;

import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.op.DynamicAlignment;
import org.codanet.nn.op.Purpose;

/** What one forward pass leaves behind: the factors of every position and the squared norms. */
final class AlignmentState implements DynamicAlignment.State, AutoCloseable {
    private final CudaDynamicAlignment maker;
    private final AlignmentExtents extents;
    private final Purpose purpose;
    private final MemoryPool.Block block;
    private final String owner;
    private boolean closed;

    AlignmentState(
            CudaDynamicAlignment maker, AlignmentExtents extents, Purpose purpose, MemoryPool memory, String owner) {
        this.maker = maker;
        this.extents = extents;
        this.purpose = purpose;
        this.owner = owner;
        this.block = memory.take(bytes(extents), owner);
    }

    /** The same whatever for: training needs no more, since the products with the weights are found again. */
    static long bytes(AlignmentExtents extents) {
        return Float.BYTES * extents.rows() * (extents.slots() + extents.squares());
    }

    /** The state as one of this operation's, open and made for at least {@code needed}. */
    static AlignmentState of(DynamicAlignment.State state, CudaDynamicAlignment maker, Purpose needed) {
        if (!(state instanceof AlignmentState own) || own.maker != maker) {
            throw new IllegalArgumentException("dynamic alignment: the state was made by another operation");
        }
        if (own.closed) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was used after its scope '" + own.owner + "' was closed");
        }
        if (own.purpose.compareTo(needed) < 0) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was made for " + own.purpose + ", " + needed + " is needed");
        }
        return own;
    }

    AlignmentExtents extents() {
        return extents;
    }

    /** Factors (rows, slots), from a row on. */
    long factors(long row) {
        return block.address() + Float.BYTES * row * extents.slots();
    }

    /** Squared norms, from a row on. */
    long squares(long row) {
        return factors(extents.rows()) + Float.BYTES * row * extents.squares();
    }

    @Override
    public long bytes() {
        return block.bytes();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            block.release();
        }
    }
}
