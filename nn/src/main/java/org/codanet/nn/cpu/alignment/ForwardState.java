package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.CpuMemory;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What one forward pass of a dynamic alignment layer leaves behind, task by task: the factors (a, 1) of every position, the
 * squared norms q (WB: ‖p‖²), and for training the scores s and the products u_jρ of every unit and slot with the patch.
 */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final CpuDynamicAlignment maker;
    private final PatchGrid grid;
    private final Purpose purpose;
    private final CpuMemory.Block core;
    private final CpuMemory.Block products;
    private final String owner;
    private boolean closed;

    ForwardState(
            CpuDynamicAlignment maker,
            PatchGrid grid,
            Columns columns,
            Purpose purpose,
            CpuMemory memory,
            String owner) {
        this.maker = maker;
        this.grid = grid;
        this.purpose = purpose;
        this.owner = owner;
        this.core = memory.take(coreBytes(grid, columns, purpose), owner);
        CpuMemory.Block tiles = null;
        try {
            if (purpose == Purpose.TRAINING) {
                tiles = memory.take(productBytes(grid, columns), owner);
            }
        } catch (RuntimeException | Error e) {
            core.release();
            throw e;
        }
        this.products = tiles;
    }

    static long bytes(PatchGrid grid, Columns columns, Purpose purpose) {
        long kept = purpose == Purpose.TRAINING ? productBytes(grid, columns) : 0;
        return coreBytes(grid, columns, purpose) + kept;
    }

    private static long coreBytes(PatchGrid grid, Columns columns, Purpose purpose) {
        return Float.BYTES * (long) grid.tasks() * taskFloats(grid, columns, purpose);
    }

    private static long productBytes(PatchGrid grid, Columns columns) {
        return Float.BYTES * (long) grid.tasks() * grid.taskPositions() * columns.slotVectors() * columns.lanes();
    }

    private static int taskFloats(PatchGrid grid, Columns columns, Purpose purpose) {
        int rows = columns.factorLanes() + columns.unitLanes() * (purpose == Purpose.TRAINING ? 2 : 1);
        return grid.taskPositions() * rows;
    }

    /** The state as one of this operation's, open and made for at least {@code needed}. */
    static ForwardState of(DynamicAlignment.State state, CpuDynamicAlignment maker, Purpose needed) {
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

    /** Room for another pass of the same operation over the same grid, for the same purpose. */
    ForwardState another(Columns columns, CpuMemory memory, String scope) {
        return new ForwardState(maker, grid, columns, purpose, memory, scope);
    }

    PatchGrid grid() {
        return grid;
    }

    Purpose purpose() {
        return purpose;
    }

    void save(int task, Columns columns, float[] factors, float[] q, float[] s) {
        long at = (long) task * taskFloats(grid, columns, purpose);
        int positions = grid.taskPositions();
        CpuTensor.write(factors, 0, core.segment(), at, positions * columns.factorLanes());
        at += (long) positions * columns.factorLanes();
        CpuTensor.write(q, 0, core.segment(), at, positions * columns.unitLanes());
        if (purpose == Purpose.TRAINING) {
            at += (long) positions * columns.unitLanes();
            CpuTensor.write(s, 0, core.segment(), at, positions * columns.unitLanes());
        }
    }

    /** Reads a task's values into arrays at an offset of whole tasks; {@code s} may be null. */
    void load(int task, Columns columns, float[] factors, int fo, float[] q, float[] s) {
        long at = (long) task * taskFloats(grid, columns, purpose);
        int positions = grid.taskPositions();
        CpuTensor.read(core.segment(), at, factors, fo, positions * columns.factorLanes());
        at += (long) positions * columns.factorLanes();
        CpuTensor.read(core.segment(), at, q, 0, positions * columns.unitLanes());
        if (s != null) {
            at += (long) positions * columns.unitLanes();
            CpuTensor.read(core.segment(), at, s, 0, positions * columns.unitLanes());
        }
    }

    void saveProducts(int task, Columns columns, int panel, float[] u) {
        CpuTensor.write(u, 0, products.segment(), productsAt(task, columns, panel), panelFloats(columns));
    }

    void loadProducts(int task, Columns columns, int panel, float[] u) {
        CpuTensor.read(products.segment(), productsAt(task, columns, panel), u, 0, panelFloats(columns));
    }

    private int panelFloats(Columns columns) {
        return grid.taskPositions() * 2 * columns.lanes();
    }

    private long productsAt(int task, Columns columns, int panel) {
        long before = (long) task * columns.slotVectors() + columns.first(panel) - columns.aVectors();
        return before * grid.taskPositions() * columns.lanes();
    }

    @Override
    public long bytes() {
        long kept = products != null ? products.segment().byteSize() : 0;
        return core.segment().byteSize() + kept;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            core.release();
            if (products != null) {
                products.release();
            }
        }
    }
}
