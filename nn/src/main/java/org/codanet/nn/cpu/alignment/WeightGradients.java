package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Tensor;

/**
 * The second sweep of {@link Gradient}: the gradients of A, B and b from what the first one left. Each panel of weights,
 * and each slot's second moments, are summed by one worker over all tasks in their order.
 */
final class WeightGradients {
    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;
    private final AlignmentTasks tasks;

    /** These are sums over all positions of a batch, in float32 whatever the device's precision. */
    private final Products floats;

    WeightGradients(Plan plan, PackedWeights packed, AlignmentTasks tasks) {
        this.context = plan.context();
        this.kernels = context.kernels();
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.packed = packed;
        this.tasks = tasks;
        this.floats = new FloatProducts(context);
    }

    /** Floats that the workers share. */
    long sharedFloats() {
        return (long) shape.patch() * columns.vectors() * columns.lanes()
                + (long) columns.unitLanes() * columns.slots() * columns.slots();
    }

    /** Floats of each worker. */
    long workerFloats(PatchGrid grid) {
        long depth = (patches.depth() + Kernels.ROWS - 1) / Kernels.ROWS * Kernels.ROWS;
        return patches.frequencies() * (grid.taskRows() + depth) * 2 * columns.lanes();
    }

    /** Adds the gradients of the weights to {@code gradients}. */
    void add(Sweep sweep, Weights gradients) {
        int row = columns.vectors() * columns.lanes();
        float[] found = context.shared(Shared.FOUND, Math.multiplyExact(shape.patch(), row));
        context.workers().run(columns.panels(), (panel, worker) -> findPanel(sweep, panel, found, worker));
        float[] moments = context.shared(Shared.MOMENTS, columns.unitLanes() * columns.slots() * columns.slots());
        if (shape.norm() == Norm.WB) {
            boundedMoments(sweep, moments, gradients);
        } else {
            context.workers().run(columns.slots(), (slot, worker) -> findMoments(sweep, slot, moments, worker));
        }
        addRows(moments, found, gradients);
    }

    /** Products of all patches with one panel's values: two vectors of every row of {@code found}. */
    private void findPanel(Sweep sweep, int panel, float[] found, int worker) {
        PatchGrid grid = sweep.grid();
        int lanes = columns.lanes();
        int width = 2;
        int row = width * lanes;
        int blocks = (patches.depth() + Kernels.ROWS - 1) / Kernels.ROWS;
        int frequency = blocks * Kernels.ROWS * row;
        float[] t = context.scratch(worker, Scratch.SPREAD, patches.frequencies() * grid.taskRows() * row);
        float[] sums = context.scratch(worker, Scratch.SUMS, patches.frequencies() * frequency);
        java.util.Arrays.fill(sums, 0, patches.frequencies() * frequency, 0);
        float[] rows = columns.isA(columns.first(panel)) ? sweep.rows() : sweep.slotRows();
        for (int task = 0; task < grid.tasks(); task++) {
            for (int v = 0; v < width; v++) {
                tasks.spread(
                        floats,
                        sweep.g(),
                        sweep.a(),
                        sweep.da(),
                        task * grid.taskPositions(),
                        columns.first(panel) + v,
                        t,
                        v * lanes,
                        grid.taskRows() * row,
                        row,
                        grid.taskRows());
            }
            for (int f = 0; f < patches.frequencies(); f++) {
                int from = task * tasks.rowFloats(grid) + f * grid.taskRows() * patches.rowLength();
                for (int block = 0; block < blocks; block++) {
                    kernels.productTransposed(
                            rows,
                            from + block * Kernels.ROWS,
                            patches.rowLength(),
                            t,
                            f * grid.taskRows() * row,
                            row,
                            width,
                            sums,
                            f * frequency + block * Kernels.ROWS * row,
                            grid.taskRows());
                }
            }
        }
        float[] taps = context.scratch(worker, Scratch.PIECE, patches.taps() * lanes);
        for (int v = 0; v < width; v++) {
            int vector = columns.first(panel) + v;
            for (int k = 0; k < patches.depth(); k++) {
                patches.transformWeightAdjoint(sums, k * row + v * lanes, frequency, taps, 0, lanes);
                for (int tap = 0; tap < patches.taps(); tap++) {
                    System.arraycopy(
                            taps,
                            tap * lanes,
                            found,
                            (patches.patchEntry(tap, k) * columns.vectors() + vector) * lanes,
                            lanes);
                }
            }
        }
    }

    /** {@code Σ e_j a_ρ a_σ} over all positions, for one ρ and every σ from ρ on, as (unit vectors, σ, ρ, lanes) and mirrored. */
    private void findMoments(Sweep sweep, int slot, float[] moments, int worker) {
        PatchGrid grid = sweep.grid();
        int lanes = columns.lanes();
        int slots = columns.slots();
        int count = slots - slot;
        int blocks = (count + Kernels.ROWS - 1) / Kernels.ROWS;
        int ldz = blocks * Kernels.ROWS + lanes;
        int positions = grid.taskPositions();
        float[] z = context.scratch(worker, Scratch.PAIRS, positions * ldz + lanes);
        int panels = (columns.unitVectors() + 1) / 2;
        int tile = Kernels.ROWS * 2 * lanes;
        float[] sums = context.scratch(worker, Scratch.SUMS, blocks * panels * tile);
        java.util.Arrays.fill(sums, 0, blocks * panels * tile, 0);
        for (int task = 0; task < grid.tasks(); task++) {
            for (int p = 0; p < positions; p++) {
                kernels.pairProducts(
                        sweep.a(), (task * positions + p) * columns.factorLanes(), slot, slot + 1, slots, z, p * ldz);
            }
            for (int panel = 0; panel < panels; panel++) {
                int width = Math.min(2, columns.unitVectors() - 2 * panel);
                for (int block = 0; block < blocks; block++) {
                    kernels.productTransposed(
                            z,
                            block * Kernels.ROWS,
                            ldz,
                            sweep.e(),
                            task * tasks.unitFloats(grid) + 2 * panel * lanes,
                            columns.unitLanes(),
                            width,
                            sums,
                            (panel * blocks + block) * tile,
                            positions);
                }
            }
        }
        for (int v = 0; v < columns.unitVectors(); v++) {
            int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
            for (int i = 0; i < count; i++) {
                int from = (v / 2 * blocks + i / Kernels.ROWS) * tile + i % Kernels.ROWS * width + v % 2 * lanes;
                int one = ((v * slots + slot) * slots + slot + i) * lanes;
                int mirrored = ((v * slots + slot + i) * slots + slot) * lanes;
                for (int lane = 0; lane < lanes; lane++) {
                    // e is halved in the sweep.
                    moments[one + lane] = 2 * sums[from + lane];
                    moments[mirrored + lane] = 2 * sums[from + lane];
                }
            }
        }
    }

    /** WB: ∂F_j/∂B_j = B_j AᵀA / F_j and ∂F_j/∂A = A G_j / F_j take the place of the second moments. */
    private void boundedMoments(Sweep sweep, float[] moments, Weights gradients) {
        int rank = shape.rank();
        int lanes = columns.lanes();
        double[] scale = new double[columns.unitLanes()];
        for (float[] task : sweep.frobenius()) {
            for (int unit = 0; unit < scale.length; unit++) {
                scale[unit] += task[unit];
            }
        }
        float[] mixed = new float[rank * rank];
        for (int r = 0; r < rank; r++) {
            for (int s = 0; s < rank; s++) {
                for (int unit = 0; unit < columns.unitLanes(); unit++) {
                    float moment = (float) (scale[unit] * packed.aProduct()[s * rank + r]);
                    moments[((unit / lanes * rank + s) * rank + r) * lanes + unit % lanes] = moment;
                    if (unit < shape.units()) {
                        float gram = packed.gramEntry(Math.min(r, s), Math.max(r, s), unit);
                        mixed[s * rank + r] += (float) scale[unit] * (r == s ? gram : gram / 2);
                    }
                }
            }
        }
        float[] row = new float[rank];
        float[] sum = new float[rank];
        MemorySegment a = CpuTensor.segment(packed.weights().a());
        MemorySegment da = CpuTensor.segment(gradients.a());
        for (int entry = 0; entry < shape.patch(); entry++) {
            CpuTensor.read(a, (long) entry * rank, row, 0, rank);
            CpuTensor.read(da, (long) entry * rank, sum, 0, rank);
            for (int s = 0; s < rank; s++) {
                kernels.axpy(row[s], mixed, s * rank, sum, 0, rank);
            }
            CpuTensor.write(sum, 0, da, (long) entry * rank, rank);
        }
    }

    /** Adds {@code B_j M_j} to what was found for B and b, and all of it to the gradients, row by row. */
    private void addRows(float[] moments, float[] found, Weights gradients) {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int patch = shape.patch();
        int row = columns.vectors() * lanes;
        int block = 16;
        context.workers().run((patch + block - 1) / block, (task, worker) -> {
            int entry = task * block;
            int rows = Math.min(block, patch - entry);
            float[] sums = context.scratch(worker, Scratch.SUMS, block * slots * lanes);
            for (int v = 0; v < columns.unitVectors(); v++) {
                kernels.laneProduct(
                        packed.slices(),
                        (v * patch + entry) * slots * lanes,
                        moments,
                        v * slots * slots * lanes,
                        sums,
                        0,
                        rows,
                        slots);
                for (int i = 0; i < rows; i++) {
                    for (int slot = 0; slot < slots; slot++) {
                        int vector = columns.aVectors() + slot * columns.unitVectors() + v;
                        int to = (entry + i) * row + vector * lanes;
                        kernels.axpy(1, sums, (i * slots + slot) * lanes, found, to, lanes);
                    }
                }
            }
            float[] before = context.scratch(worker, Scratch.PIECE, shape.rank() * shape.units());
            for (int i = entry; i < entry + rows; i++) {
                addRow(gradients, i, found, i * row, before);
            }
        });
    }

    private void addRow(Weights gradients, int entry, float[] found, int offset, float[] before) {
        int rank = shape.rank();
        int units = shape.units();
        int slot = offset + columns.aVectors() * columns.lanes();
        addTo(gradients.a(), (long) entry * rank, found, offset, 1, rank, rank, before);
        addTo(gradients.b(), (long) entry * rank * units, found, slot, rank, units, columns.unitLanes(), before);
        if (shape.bias()) {
            int last = slot + rank * columns.unitLanes();
            addTo(gradients.bias(), (long) entry * units, found, last, 1, units, units, before);
        }
    }

    /** Adds {@code pieces} of {@code length} floats, {@code stride} apart, to as many contiguous floats of a gradient. */
    private void addTo(
            Tensor gradient, long at, float[] found, int offset, int pieces, int length, int stride, float[] before) {
        MemorySegment segment = CpuTensor.segment(gradient);
        CpuTensor.read(segment, at, before, 0, pieces * length);
        if (length == stride) {
            kernels.axpy(1, found, offset, before, 0, pieces * length);
        } else {
            for (int i = 0; i < pieces; i++) {
                kernels.axpy(1, found, offset + i * stride, before, i * length, length);
            }
        }
        CpuTensor.write(before, 0, segment, at, pieces * length);
    }
}
