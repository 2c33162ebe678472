package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What one forward pass leaves behind: the factors of every position, the squared norms, and for a gradient with weights in
 * registers the scores.
 */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final CudaDynamicAlignment maker;
    private final PatchGrid extents;
    private final Purpose purpose;
    private final boolean scored;
    private final MemoryPool.Block block;
    private final String owner;
    private boolean closed;

    ForwardState(
            CudaDynamicAlignment maker,
            PatchGrid extents,
            Purpose purpose,
            boolean scored,
            MemoryPool memory,
            String owner) {
        this.maker = maker;
        this.extents = extents;
        this.purpose = purpose;
        this.scored = scored;
        this.owner = owner;
        this.block = memory.take(bytes(extents, scored), owner);
    }

    /** Never the products with the weights, nor the weights themselves: these are found again. */
    static long bytes(PatchGrid extents, boolean scored) {
        return Float.BYTES * extents.rows() * (extents.slots() + extents.squares() + (scored ? extents.units() : 0));
    }

    /** The state as one of this operation's, open and made for at least {@code needed}. */
    static ForwardState of(DynamicAlignment.State state, CudaDynamicAlignment maker, Purpose needed) {
        if (!(state instanceof ForwardState own) || own.maker != maker) {
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

    PatchGrid extents() {
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

    /** Scores (rows, D), from a row on; 0 if they are not kept. */
    long scores(long row) {
        return scored ? squares(extents.rows()) + Float.BYTES * row * extents.units() : 0;
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
