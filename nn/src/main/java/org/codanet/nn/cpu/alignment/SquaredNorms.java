package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/**
 * What a dynamic alignment layer divides its scores by: the squared norms q of the dynamic weights as quadratic forms in the
 * factors, the rescaling {@code s · f(q)}, and the gradients of both.
 */
final class SquaredNorms {
    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products norms;
    private final PackedWeights packed;

    SquaredNorms(Plan plan, PackedWeights packed) {
        this.context = plan.context();
        this.kernels = context.kernels();
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.norms = plan.norms();
        this.packed = packed;
    }

    /** Floats of each worker, beside those of the tasks. */
    long workerFloats() {
        return Kernels.ROWS * (long) columns.pairLanes();
    }

    /** What the norm divides by, squared: q_j, or ‖p‖² for WB. */
    void findSquares(PatchGrid grid, float[] padded, int task, float[] a, float[] q, int worker) {
        if (shape.norm() == Norm.WB) {
            SquaredPatchNorms.squares(grid, shape, patches, padded, task, q, columns.unitLanes());
        } else {
            quadraticForm(grid, a, q, worker);
        }
    }

    /** {@code q_j = a · G_j a} at every position of a task. */
    void quadraticForm(PatchGrid grid, float[] a, float[] q, int worker) {
        if (packed.doubleSquaredNorms() != null) {
            packed.doubleSquaredNorms().squares(a, q, grid.taskPositions());
            return;
        }
        int lanes = columns.lanes();
        int row = columns.pairLanes() + lanes;
        float[] m = context.scratch(worker, Scratch.TILES, Kernels.ROWS * 2 * lanes);
        for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
            float[] z = norms.pairs(
                    a, p * columns.factorLanes(), columns.factorLanes(), columns, row, worker, Scratch.PAIRS);
            for (int panel = 0; 2 * panel < columns.unitVectors(); panel++) {
                int width = Math.min(2, columns.unitVectors() - 2 * panel);
                norms.product(
                        z,
                        0,
                        row,
                        0,
                        packed.normPanels(),
                        packed.normPanel(panel),
                        0,
                        width,
                        m,
                        0,
                        0,
                        columns.pairs(),
                        1,
                        false);
                for (int i = 0; i < Kernels.ROWS; i++) {
                    int to = (p + i) * columns.unitLanes() + 2 * panel * lanes;
                    for (int lane = 0; lane < width * lanes; lane++) {
                        // Rounding can take a form that is never negative below zero.
                        q[to + lane] = Math.max(0, m[i * width * lanes + lane]);
                    }
                }
            }
        }
    }

    /** {@code out = s · f(q)} at every unit of every position; {@code s} and {@code out} may be the same. */
    void rescale(float[] q, float[] s, float[] out, int positions) {
        int count = positions * columns.unitLanes();
        switch (shape.norm()) {
            case SQ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = s[i] * ((float) Math.sqrt(q[i]) / (1 + q[i]));
                }
            }
            case L2 -> {
                for (int i = 0; i < count; i++) {
                    out[i] = q[i] == 0 ? 0 : s[i] / (float) Math.sqrt(q[i]);
                }
            }
            case WB -> {
                float[] frobenius = packed.frobenius();
                for (int i = 0; i < count; i++) {
                    float bound = frobenius[i % columns.unitLanes()] * (float) Math.sqrt(q[i]);
                    out[i] = bound == 0 ? 0 : s[i] / bound;
                }
            }
        }
    }

    /** {@code e/2 = g s ∂f/∂q} for SQ and L2, from {@code offset} on; zero where q is zero. */
    void curvatures(float[] q, float[] s, float[] g, float[] e, int offset, int count) {
        if (shape.norm() == Norm.SQ) {
            for (int i = 0; i < count; i++) {
                float root = (float) Math.sqrt(q[i]);
                float d = 1 + q[i];
                e[offset + i] = q[i] > 0 ? g[i] * s[i] * (1 - q[i]) / (2 * d * d * root) : 0;
            }
        } else {
            for (int i = 0; i < count; i++) {
                float root = (float) Math.sqrt(q[i]);
                e[offset + i] = q[i] > 0 ? -g[i] * s[i] / (2 * root * q[i]) : 0;
            }
        }
    }

    /**
     * {@code da += Σ_j e_j G_j a} at the positions of a task, through the gradient of the quadratic form with respect to its pairs.
     *
     * @param e halved, as {@link #curvatures} gives it; {@code e}, {@code a} and {@code da} hold all tasks
     */
    void addFormGradient(PatchGrid grid, int task, float[] e, float[] a, float[] da, int worker) {
        int lanes = columns.lanes();
        int row = columns.pairLanes();
        float[] z = context.scratch(worker, Scratch.PAIRS, Kernels.ROWS * (row + lanes) + lanes);
        float[] m = context.scratch(worker, Scratch.TILES, Kernels.ROWS * 2 * lanes);
        for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
            int position = task * grid.taskPositions() + p;
            for (int panel = 0; 2 * panel * lanes < row; panel++) {
                int width = Math.min(2, row / lanes - 2 * panel);
                kernels.product(
                        e,
                        position * columns.unitLanes(),
                        columns.unitLanes(),
                        packed.gramTransposed(),
                        packed.gramTransposedPanel(panel),
                        width,
                        m,
                        0,
                        shape.units(),
                        false);
                for (int i = 0; i < Kernels.ROWS; i++) {
                    System.arraycopy(m, i * width * lanes, z, i * row + 2 * panel * lanes, width * lanes);
                }
            }
            for (int i = 0; i < Kernels.ROWS; i++) {
                int from = (position + i) * columns.factorLanes();
                for (int slot = 0, pair = i * row; slot < columns.slots(); slot++) {
                    int count = columns.slots() - slot;
                    da[from + slot] += kernels.dot(z, pair, a, from + slot, count);
                    kernels.axpy(a[from + slot], z, pair, da, from + slot, count);
                    pair += count;
                }
            }
        }
    }
}
