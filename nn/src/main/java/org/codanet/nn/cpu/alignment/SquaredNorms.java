package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/**
 * The squared norms {@code q_j = aᵀ G_j a} of the dynamic weights, computed by GEMMs of pairs of factors with Gram matrices, and their
 * gradient.
 */
final class SquaredNorms {
    private static final String OWNER = "dynamic alignment, squared norms";

    private final Workspace workspace;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final PackedWeights packed;

    SquaredNorms(Plan plan, PackedWeights packed) {
        this.workspace = plan.workspace();
        this.kernels = plan.context().kernels();
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.normProducts();
        this.packed = packed;
    }

    /** Floats that each worker leases for pairs of factors. */
    long workerFloats() {
        return Kernels.ROWS * (long) columns.pairLanes();
    }

    /** The squared norm that each unit's scale depends on, (positions, unit lanes): q_j, or ‖p‖² for WB. */
    void compute(PatchGrid grid, float[] padded, int task, float[] a, float[] q, int worker) {
        if (shape.norm() == Norm.WB) {
            new SquaredPatchNorms(grid, shape, patches, padded).write(task, q, columns.unitLanes());
        } else if (packed.doubleSquaredNorms() != null) {
            packed.doubleSquaredNorms().compute(a, q, grid.taskPositions());
        } else {
            quadraticForm(grid, a, q, worker);
        }
    }

    private int tileFloats() {
        return Kernels.ROWS * 2 * columns.lanes();
    }

    private void quadraticForm(PatchGrid grid, float[] a, float[] q, int worker) {
        int lanes = columns.lanes();
        int row = columns.pairLanes() + lanes;
        try (Lease pairs = workspace.lease(worker, OfWorker.PAIRS, products.pairFloats(row), OWNER);
                Lease tiles = workspace.lease(worker, OfWorker.TILES, tileFloats(), OWNER)) {
            float[] z = pairs.values();
            float[] m = tiles.values();
            for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
                products.pairs(new Rows(a, p * columns.factorLanes(), columns.factorLanes()), columns.slots(), z, row);
                for (int panel = 0; 2 * panel < columns.unitVectors(); panel++) {
                    int width = Math.min(2, columns.unitVectors() - 2 * panel);
                    products.product(
                            new Operand(z, 0, 0),
                            row,
                            new Operand(packed.normPanels(), packed.normPanel(panel), 0),
                            width,
                            new Operand(m, 0, 0),
                            columns.pairs(),
                            1,
                            false);
                    for (int i = 0; i < Kernels.ROWS; i++) {
                        int to = (p + i) * columns.unitLanes() + 2 * panel * lanes;
                        for (int lane = 0; lane < width * lanes; lane++) {
                            // The quadratic form is never negative, but its rounded value can be.
                            q[to + lane] = Math.max(0, m[i * width * lanes + lane]);
                        }
                    }
                }
            }
        }
    }

    /**
     * Adds {@code Σ_j e_j G_j a} to da at the positions of a task. {@code e}, {@code a} and {@code da} hold the values of all tasks.
     *
     * <p>A GEMM of e with the half Gram matrices gives the symmetric matrix {@code H = Σ_j e_j G_j}: its entries for the pairs ρ ≤ σ,
     * with a halved diagonal. Each pair then adds {@code H_ρσ a_σ} to entry ρ and {@code H_ρσ a_ρ} to entry σ.
     */
    void addGradient(PatchGrid grid, int task, float[] e, float[] a, float[] da, int worker) {
        int lanes = columns.lanes();
        int row = columns.pairLanes();
        int pairFloats = Kernels.ROWS * (row + lanes) + lanes;
        try (Lease pairs = workspace.lease(worker, OfWorker.PAIRS, pairFloats, OWNER);
                Lease tiles = workspace.lease(worker, OfWorker.TILES, tileFloats(), OWNER)) {
            float[] h = pairs.values();
            float[] m = tiles.values();
            for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
                int position = task * grid.taskPositions() + p;
                for (int panel = 0; 2 * panel * lanes < row; panel++) {
                    int width = Math.min(2, row / lanes - 2 * panel);
                    kernels.product(
                            e,
                            position * columns.unitLanes(),
                            columns.unitLanes(),
                            packed.halfGramTransposed(),
                            packed.halfGramTransposedPanel(panel),
                            width,
                            m,
                            0,
                            shape.units(),
                            false);
                    for (int i = 0; i < Kernels.ROWS; i++) {
                        System.arraycopy(m, i * width * lanes, h, i * row + 2 * panel * lanes, width * lanes);
                    }
                }
                for (int i = 0; i < Kernels.ROWS; i++) {
                    int from = (position + i) * columns.factorLanes();
                    for (int slot = 0, pair = i * row; slot < columns.slots(); slot++) {
                        int count = columns.slots() - slot;
                        da[from + slot] += kernels.dot(h, pair, a, from + slot, count);
                        kernels.axpy(a[from + slot], h, pair, da, from + slot, count);
                        pair += count;
                    }
                }
            }
        }
    }
}
