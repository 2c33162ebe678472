package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.alignment.WorkspaceArray.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Tensor;

/**
 * The second sweep of {@link Gradient}: dA, dB and db from the values that the first sweep computed. One worker sums each panel of weights,
 * and the second moments M of each slot, over all tasks in their order.
 */
final class WeightGradients {
    private static final String OWNER = "dynamic alignment, gradient of the weights";

    /** Number of patch entries that are added to the gradients at once. */
    private static final int BLOCK = 16;

    private final Workspace workspace;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;
    private final BackProjection backProjection;

    /** Sums over all positions of a batch are float32, whatever the precision of the device. */
    private final Products floats;

    WeightGradients(Plan plan, PackedWeights packed, BackProjection backProjection) {
        this.workspace = plan.workspace();
        this.kernels = plan.context().kernels();
        this.shape = plan.shape();
        this.plan = plan;
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.packed = packed;
        this.backProjection = backProjection;
        this.floats = Products.float32(kernels);
    }

    /** Floats that all workers share. */
    long sharedFloats() {
        return (long) shape.patch() * columns.vectors() * columns.lanes() + momentFloats();
    }

    private int momentFloats() {
        return columns.unitLanes() * columns.slots() * columns.slots();
    }

    /** Floats that each worker leases. */
    long workerFloats(PatchGrid grid) {
        return patches.frequencies() * (grid.taskRows() + (long) blocks() * Kernels.ROWS) * 2 * columns.lanes();
    }

    /** Number of tiles along the depth. */
    private int blocks() {
        return (patches.depth() + Kernels.ROWS - 1) / Kernels.ROWS;
    }

    /** Adds dA, dB and db to {@code gradients}. */
    void add(Sweep sweep, Weights gradients) {
        int row = columns.vectors() * columns.lanes();
        int floatsOfWeights = Math.multiplyExact(shape.patch(), row);
        try (Lease weights = workspace.leaseShared(Shared.WEIGHT_GRADIENTS, floatsOfWeights, OWNER);
                Lease moments = workspace.leaseShared(Shared.SECOND_MOMENTS, momentFloats(), OWNER)) {
            float[] dW = weights.values();
            plan.workers().run(columns.panels(), (panel, worker) -> computePanel(sweep, panel, dW, worker));
            if (shape.norm() == Norm.WB) {
                computeBoundMoments(sweep, moments.values(), gradients);
            } else {
                plan.workers()
                        .run(columns.slots(), (slot, worker) -> computeMoments(sweep, slot, moments.values(), worker));
            }
            addRows(moments.values(), dW, gradients);
        }
    }

    /**
     * Computes the products of all patches with one panel's left sides, which are two vectors of every row of dW (P, vectors · lanes).
     * For A they are {@code Σ p daᵀ}, and for the slots {@code Σ p t_jᵀ}. The sums are over all positions.
     */
    private void computePanel(Sweep sweep, int panel, float[] dW, int worker) {
        PatchGrid grid = sweep.grid;
        int row = 2 * columns.lanes();
        int leftFloats = patches.frequencies() * grid.taskRows() * row;
        int sumFloats = patches.frequencies() * blocks() * Kernels.ROWS * row;
        int tapFloats = patches.taps() * columns.lanes();
        try (Lease left = workspace.lease(worker, OfWorker.LEFT_SIDES, leftFloats, OWNER);
                Lease sums = workspace.lease(worker, OfWorker.SUMS, sumFloats, OWNER);
                Lease taps = workspace.lease(worker, OfWorker.ROW, tapFloats, OWNER)) {
            Arrays.fill(sums.values(), 0, sumFloats, 0);
            for (int task = 0; task < grid.tasks(); task++) {
                addPanel(sweep, task, panel, left.values(), sums.values());
            }
            writePanel(panel, sums.values(), taps.values(), dW);
        }
    }

    /** Adds one task's products to the sums (frequencies, depth, 2 · lanes). */
    private void addPanel(Sweep sweep, int task, int panel, float[] left, float[] sums) {
        PatchGrid grid = sweep.grid;
        int lanes = columns.lanes();
        int width = 2;
        int row = width * lanes;
        float[] rows = columns.isA(columns.first(panel)) ? sweep.rows : sweep.productRows;
        int position = task * grid.taskPositions();
        for (int v = 0; v < width; v++) {
            Rows out = new Rows(left, v * lanes, row);
            backProjection.writeLeftSides(
                    floats,
                    sweep.gradients,
                    position,
                    columns.first(panel) + v,
                    out,
                    grid.taskRows() * row,
                    grid.taskRows());
        }
        for (int f = 0; f < patches.frequencies(); f++) {
            int from = task * patches.rowFloats(grid) + f * grid.taskRows() * patches.rowLength();
            for (int block = 0; block < blocks(); block++) {
                kernels.productTransposed(
                        rows,
                        from + block * Kernels.ROWS,
                        patches.rowLength(),
                        left,
                        f * grid.taskRows() * row,
                        row,
                        width,
                        sums,
                        (f * blocks() + block) * Kernels.ROWS * row,
                        grid.taskRows());
            }
        }
    }

    /** Transforms the sums back to patch entries, and writes them to the panel's columns of dW. */
    private void writePanel(int panel, float[] sums, float[] taps, float[] dW) {
        int lanes = columns.lanes();
        int row = 2 * lanes;
        int frequency = blocks() * Kernels.ROWS * row;
        for (int v = 0; v < 2; v++) {
            int vector = columns.first(panel) + v;
            for (int k = 0; k < patches.depth(); k++) {
                patches.weightTransformAdjoint(sums, k * row + v * lanes, frequency, taps, 0, lanes);
                for (int tap = 0; tap < patches.taps(); tap++) {
                    int to = (patches.patchEntry(tap, k) * columns.vectors() + vector) * lanes;
                    System.arraycopy(taps, tap * lanes, dW, to, lanes);
                }
            }
        }
    }

    /**
     * Computes the second moments {@code M_j = Σ e_j a aᵀ} over all positions, for one ρ: the entries (ρ, σ) with σ ≥ ρ, and their
     * mirror images (σ, ρ). Writes them to an array (unit vectors, σ, ρ, lanes).
     */
    private void computeMoments(Sweep sweep, int slot, float[] moments, int worker) {
        PatchGrid grid = sweep.grid;
        int lanes = columns.lanes();
        int count = columns.slots() - slot;
        int blocks = (count + Kernels.ROWS - 1) / Kernels.ROWS;
        int ldz = blocks * Kernels.ROWS + lanes;
        int panels = (columns.unitVectors() + 1) / 2;
        int tile = Kernels.ROWS * 2 * lanes;
        int pairFloats = grid.taskPositions() * ldz + lanes;
        try (Lease pairs = workspace.lease(worker, OfWorker.PAIRS, pairFloats, OWNER);
                Lease lease = workspace.lease(worker, OfWorker.SUMS, blocks * panels * tile, OWNER)) {
            float[] sums = lease.values();
            Arrays.fill(sums, 0, blocks * panels * tile, 0);
            for (int task = 0; task < grid.tasks(); task++) {
                addMoments(sweep, task, slot, pairs.values(), ldz, sums);
            }
            writeMoments(slot, sums, moments);
        }
    }

    private void addMoments(Sweep sweep, int task, int slot, float[] z, int ldz, float[] sums) {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int positions = sweep.grid.taskPositions();
        int blocks = (slots - slot + Kernels.ROWS - 1) / Kernels.ROWS;
        int tile = Kernels.ROWS * 2 * lanes;
        for (int p = 0; p < positions; p++) {
            int from = (task * positions + p) * columns.factorLanes();
            kernels.pairProducts(sweep.a, from, slot, slot + 1, slots, z, p * ldz);
        }
        for (int panel = 0; 2 * panel < columns.unitVectors(); panel++) {
            int width = Math.min(2, columns.unitVectors() - 2 * panel);
            int from = task * positions * columns.unitLanes() + 2 * panel * lanes;
            for (int block = 0; block < blocks; block++) {
                kernels.productTransposed(
                        z,
                        block * Kernels.ROWS,
                        ldz,
                        sweep.e,
                        from,
                        columns.unitLanes(),
                        width,
                        sums,
                        (panel * blocks + block) * tile,
                        positions);
            }
        }
    }

    private void writeMoments(int slot, float[] sums, float[] moments) {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int count = slots - slot;
        int blocks = (count + Kernels.ROWS - 1) / Kernels.ROWS;
        int tile = Kernels.ROWS * 2 * lanes;
        for (int v = 0; v < columns.unitVectors(); v++) {
            int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
            for (int i = 0; i < count; i++) {
                int from = (v / 2 * blocks + i / Kernels.ROWS) * tile + i % Kernels.ROWS * width + v % 2 * lanes;
                System.arraycopy(sums, from, moments, ((v * slots + slot) * slots + slot + i) * lanes, lanes);
                System.arraycopy(sums, from, moments, ((v * slots + slot + i) * slots + slot) * lanes, lanes);
            }
        }
    }

    /** WB: writes {@code M_j = α_j AᵀA} and adds {@code A Σ_j α_j G_j} to dA. */
    private void computeBoundMoments(Sweep sweep, float[] moments, Weights gradients) {
        int rank = shape.rank();
        int lanes = columns.lanes();
        double[] alpha = new double[columns.unitLanes()];
        for (float[] task : sweep.alpha) {
            for (int unit = 0; unit < alpha.length; unit++) {
                alpha[unit] += task[unit];
            }
        }
        float[] sumOfGrams = new float[rank * rank];
        for (int r = 0; r < rank; r++) {
            for (int s = 0; s < rank; s++) {
                for (int unit = 0; unit < columns.unitLanes(); unit++) {
                    float moment = (float) (alpha[unit] * packed.gramOfA()[s * rank + r]);
                    moments[((unit / lanes * rank + s) * rank + r) * lanes + unit % lanes] = moment;
                    if (unit < shape.units()) {
                        float gram = packed.gramEntry(Math.min(r, s), Math.max(r, s), unit);
                        sumOfGrams[s * rank + r] += (float) alpha[unit] * (r == s ? gram : gram / 2);
                    }
                }
            }
        }
        float[] row = new float[rank];
        float[] sum = new float[rank];
        MemorySegment a = CpuTensor.segment(packed.weights().a());
        MemorySegment dA = CpuTensor.segment(gradients.a());
        for (int entry = 0; entry < shape.patch(); entry++) {
            CpuTensor.read(a, (long) entry * rank, row, 0, rank);
            CpuTensor.read(dA, (long) entry * rank, sum, 0, rank);
            for (int s = 0; s < rank; s++) {
                kernels.axpy(row[s], sumOfGrams, s * rank, sum, 0, rank);
            }
            CpuTensor.write(sum, 0, dA, (long) entry * rank, rank);
        }
    }

    /** Adds {@code B_j M_j} to the columns of B and b in dW, and then dW to the gradients. */
    private void addRows(float[] moments, float[] dW, Weights gradients) {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int patch = shape.patch();
        int row = columns.vectors() * lanes;
        plan.workers().run((patch + BLOCK - 1) / BLOCK, (task, worker) -> {
            int entry = task * BLOCK;
            int rows = Math.min(BLOCK, patch - entry);
            try (Lease sums = workspace.lease(worker, OfWorker.SUMS, BLOCK * slots * lanes, OWNER);
                    Lease before = workspace.lease(worker, OfWorker.ROW, shape.rank() * shape.units(), OWNER)) {
                for (int v = 0; v < columns.unitVectors(); v++) {
                    addMomentProducts(v, entry, rows, moments, sums.values(), dW);
                }
                for (int i = entry; i < entry + rows; i++) {
                    addRow(gradients, i, dW, i * row, before.values());
                }
            }
        });
    }

    private void addMomentProducts(int v, int entry, int rows, float[] moments, float[] sums, float[] dW) {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int from = (v * shape.patch() + entry) * slots * lanes;
        kernels.laneProduct(packed.slices(), from, moments, v * slots * slots * lanes, sums, 0, rows, slots);
        for (int i = 0; i < rows; i++) {
            for (int slot = 0; slot < slots; slot++) {
                int vector = columns.aVectors() + slot * columns.unitVectors() + v;
                int to = ((entry + i) * columns.vectors() + vector) * lanes;
                kernels.axpy(1, sums, (i * slots + slot) * lanes, dW, to, lanes);
            }
        }
    }

    private void addRow(Weights gradients, int entry, float[] dW, int offset, float[] before) {
        int rank = shape.rank();
        int units = shape.units();
        int slot = offset + columns.aVectors() * columns.lanes();
        addTo(gradients.a(), (long) entry * rank, new Rows(dW, offset, rank), 1, rank, before);
        Rows b = new Rows(dW, slot, columns.unitLanes());
        addTo(gradients.b(), (long) entry * rank * units, b, rank, units, before);
        if (shape.bias()) {
            Rows bias = new Rows(dW, slot + rank * columns.unitLanes(), units);
            addTo(gradients.bias(), (long) entry * units, bias, 1, units, before);
        }
    }

    /** Adds {@code count} rows of {@code length} floats to as many contiguous floats of a gradient. */
    private void addTo(Tensor gradient, long at, Rows rows, int count, int length, float[] before) {
        MemorySegment segment = CpuTensor.segment(gradient);
        CpuTensor.read(segment, at, before, 0, count * length);
        if (length == rows.stride()) {
            kernels.axpy(1, rows.values(), rows.offset(), before, 0, count * length);
        } else {
            for (int i = 0; i < count; i++) {
                int from = rows.offset() + i * rows.stride();
                kernels.axpy(1, rows.values(), from, before, i * length, length);
            }
        }
        CpuTensor.write(before, 0, segment, at, count * length);
    }
}
