package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.CpuMemory;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What one forward pass saves for later passes, task by task: the factors a and the squared norms q (for WB ‖p‖²) of every position. For
 * training it also saves the scores s and the products u_j of every unit.
 */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final CpuDynamicAlignment creator;
    private final PatchGrid grid;
    private final Columns columns;
    private final Purpose purpose;
    private final CpuMemory.Block core;
    private final CpuMemory.Block products;
    private final String owner;
    private boolean closed;

    ForwardState(CpuDynamicAlignment creator, Plan plan, PatchGrid grid, Purpose purpose, String owner) {
        this.creator = creator;
        this.grid = grid;
        this.columns = plan.columns();
        this.purpose = purpose;
        this.owner = owner;
        CpuMemory memory = plan.context().memory();
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
        long ofProducts = purpose == Purpose.TRAINING ? productBytes(grid, columns) : 0;
        return coreBytes(grid, columns, purpose) + ofProducts;
    }

    private static long coreBytes(PatchGrid grid, Columns columns, Purpose purpose) {
        return Float.BYTES * (long) grid.tasks() * taskFloats(grid, columns, purpose);
    }

    private static long productBytes(PatchGrid grid, Columns columns) {
        return Float.BYTES * (long) grid.tasks() * grid.taskPositions() * columns.slotVectors() * columns.lanes();
    }

    private static int taskFloats(PatchGrid grid, Columns columns, Purpose purpose) {
        int row = columns.factorLanes() + columns.unitLanes() * (purpose == Purpose.TRAINING ? 2 : 1);
        return grid.taskPositions() * row;
    }

    /** Checks that {@code creator} created the state, for {@code needed} or more, and that it is open. Returns it. */
    static ForwardState of(DynamicAlignment.State state, CpuDynamicAlignment creator, Purpose needed) {
        if (!(state instanceof ForwardState own) || own.creator != creator) {
            throw new IllegalArgumentException("dynamic alignment: the state was created by another operation");
        }
        if (own.closed) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was used after its scope '" + own.owner + "' was closed");
        }
        if (own.purpose.compareTo(needed) < 0) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was created for " + own.purpose + ", " + needed + " is needed");
        }
        return own;
    }

    /** A state for another pass of the same operation over the same grid and for the same purpose. */
    ForwardState another(Plan plan, String scope) {
        return new ForwardState(creator, plan, grid, purpose, scope);
    }

    PatchGrid grid() {
        return grid;
    }

    Purpose purpose() {
        return purpose;
    }

    private int factorFloats() {
        return grid.taskPositions() * columns.factorLanes();
    }

    private int unitFloats() {
        return grid.taskPositions() * columns.unitLanes();
    }

    private long start(int task) {
        return (long) task * taskFloats(grid, columns, purpose);
    }

    /** Saves a task's factors, squared norms and, for training, scores. */
    void save(int task, float[] a, float[] q, float[] s) {
        long at = start(task);
        CpuTensor.write(a, 0, core.segment(), at, factorFloats());
        at += factorFloats();
        CpuTensor.write(q, 0, core.segment(), at, unitFloats());
        if (purpose == Purpose.TRAINING) {
            at += unitFloats();
            CpuTensor.write(s, 0, core.segment(), at, unitFloats());
        }
    }

    /** Reads a task's factors to {@code offset}. */
    void loadFactors(int task, float[] a, int offset) {
        CpuTensor.read(core.segment(), start(task), a, offset, factorFloats());
    }

    /** Reads a task's squared norms. */
    void loadSquaredNorms(int task, float[] q) {
        CpuTensor.read(core.segment(), start(task) + factorFloats(), q, 0, unitFloats());
    }

    /** Reads a task's scores. The state must be one for training. */
    void loadScores(int task, float[] s) {
        CpuTensor.read(core.segment(), start(task) + factorFloats() + unitFloats(), s, 0, unitFloats());
    }

    /** Saves a task's products u with one panel of weights, (positions, 2 · lanes). */
    void saveProducts(int task, int panel, float[] u) {
        CpuTensor.write(u, 0, products.segment(), productStart(task, panel), panelFloats());
    }

    void loadProducts(int task, int panel, float[] u) {
        CpuTensor.read(products.segment(), productStart(task, panel), u, 0, panelFloats());
    }

    private int panelFloats() {
        return grid.taskPositions() * 2 * columns.lanes();
    }

    private long productStart(int task, int panel) {
        long before = (long) task * columns.slotVectors() + columns.first(panel) - columns.aVectors();
        return before * grid.taskPositions() * columns.lanes();
    }

    @Override
    public long bytes() {
        long ofProducts = products != null ? products.segment().byteSize() : 0;
        return core.segment().byteSize() + ofProducts;
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
