package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What one forward pass saves for back-projection and gradient: factors (rows, S), squared norms (rows, D), or (rows) for WB, and for
 * the tensor-core and the fused gradient the scores (rows, D), and for the latter also the factors as bfloat16. It never holds u or the dynamic weights, which are recomputed.
 */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final CudaDynamicAlignment operation;
    private final PatchGrid grid;
    private final Purpose purpose;
    private final MemoryPool.Block block;
    private final DevicePointer factors;
    private final DevicePointer squaredNorms;
    private final DevicePointer scores;
    private final DevicePointer packedFactors;
    private final int packedWidth;
    private final String owner;
    private boolean closed;

    ForwardState(
            CudaDynamicAlignment operation,
            PatchGrid grid,
            Purpose purpose,
            Extras extras,
            MemoryPool memory,
            String owner) {
        this.operation = operation;
        this.grid = grid;
        this.purpose = purpose;
        this.owner = owner;
        this.packedWidth = extras.packedFactors();
        this.block = memory.take(bytes(grid, extras), owner);
        BufferLayout layout = BufferLayout.of(block.pointer(), Float.BYTES);
        // First, because they are read 16 bytes at a time.
        this.packedFactors =
                packedWidth == 0 ? DevicePointer.NULL : layout.bytes(Short.BYTES * grid.rows() * packedWidth);
        this.factors = layout.floats(grid.rows() * grid.slots());
        this.squaredNorms = layout.floats(grid.rows() * grid.squaredNorms());
        this.scores = extras.scores() ? layout.floats(grid.rows() * grid.units()) : DevicePointer.NULL;
    }

    /**
     * What a gradient needs beside factors and squared norms.
     *
     * @param scores whether it needs the scores (rows, D)
     * @param packedFactors values in each row of the factors as bfloat16; 0 if it does not need them
     */
    record Extras(boolean scores, int packedFactors) {
        static final Extras NONE = new Extras(false, 0);
    }

    static long bytes(PatchGrid grid, Extras extras) {
        int floats = grid.slots() + grid.squaredNorms() + (extras.scores() ? grid.units() : 0);
        return grid.rows() * (Float.BYTES * floats + (long) Short.BYTES * extras.packedFactors());
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

    /** Factors as bfloat16 (rows, R + 16), from a row on; a null pointer if the state has none. */
    DevicePointer packedFactors(long row) {
        return packedFactors.isNull() ? packedFactors : packedFactors.from(Short.BYTES * row * packedWidth);
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
