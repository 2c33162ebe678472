package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What one forward pass saves for back-projection and gradient: factors (rows, S), squared norms (rows, D), or (rows) for WB, and for
 * the tensor-core gradient the scores (rows, D). It never holds u or the dynamic weights, which are recomputed.
 */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final CudaDynamicAlignment operation;
    private final PatchGrid grid;
    private final Purpose purpose;
    private final MemoryPool.Block block;
    private final DevicePointer factors;
    private final DevicePointer squaredNorms;
    private final DevicePointer scores;
    private final String owner;
    private boolean closed;

    ForwardState(
            CudaDynamicAlignment operation,
            PatchGrid grid,
            Purpose purpose,
            boolean hasScores,
            MemoryPool memory,
            String owner) {
        this.operation = operation;
        this.grid = grid;
        this.purpose = purpose;
        this.owner = owner;
        this.block = memory.take(bytes(grid, hasScores), owner);
        BufferLayout layout = BufferLayout.of(block.pointer(), Float.BYTES);
        this.factors = layout.floats(grid.rows() * grid.slots());
        this.squaredNorms = layout.floats(grid.rows() * grid.squaredNorms());
        this.scores = hasScores ? layout.floats(grid.rows() * grid.units()) : DevicePointer.NULL;
    }

    static long bytes(PatchGrid grid, boolean hasScores) {
        return Float.BYTES * grid.rows() * (grid.slots() + grid.squaredNorms() + (hasScores ? grid.units() : 0));
    }

    /**
     * Checks and returns a state of {@code operation}.
     *
     * @param needed the least purpose that the state must have been created for
     * @throws IllegalArgumentException if another operation created it
     * @throws IllegalStateException if the state's scope was closed, or if it was created for a lesser purpose
     */
    static ForwardState of(DynamicAlignment.State state, CudaDynamicAlignment operation, Purpose needed) {
        if (!(state instanceof ForwardState own) || own.operation != operation) {
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

    PatchGrid grid() {
        return grid;
    }

    /** Factors (rows, S), from a row on. */
    DevicePointer factors(long row) {
        return factors.floatsFrom(row * grid.slots());
    }

    /** Squared norms (rows, D), for WB (rows), from a row on. */
    DevicePointer squaredNorms(long row) {
        return squaredNorms.floatsFrom(row * grid.squaredNorms());
    }

    /** Scores (rows, D), from a row on; a null pointer if the state has none. */
    DevicePointer scores(long row) {
        return scores.isNull() ? scores : scores.floatsFrom(row * grid.units());
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
