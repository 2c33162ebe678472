package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.cpu.runtime.Workspace;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The full gradient in the patch-first form, by the formulas of {@link org.codanet.nn.op.alignment}. The gradient with respect to a
 * dynamic weight, {@code g'_j p + e_j w_j}, is never formed.
 *
 * <p>A first sweep over the tasks computes g', e, da and dx. A second sweep, over panels of weights ({@link WeightGradients}), computes
 * the weights' gradients. One worker sums each panel in the order of the rows, so the bits do not depend on the number of threads.
 */
final class Gradient {
    private static final String OWNER = "dynamic alignment, gradient";

    private final Workspace workspace;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;
    private final Forward forward;
    private final BackProjection backProjection;
    private final SquaredNorms squaredNorms;
    private final Scale scale;
    private final WeightGradients weightGradients;

    Gradient(
            Plan plan,
            PackedWeights packed,
            Forward forward,
            BackProjection backProjection,
            SquaredNorms squaredNorms,
            Scale scale) {
        this.workspace = plan.workspace();
        this.kernels = plan.context().kernels();
        this.shape = plan.shape();
        this.plan = plan;
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.packed = packed;
        this.forward = forward;
        this.backProjection = backProjection;
        this.squaredNorms = squaredNorms;
        this.scale = scale;
        this.weightGradients = new WeightGradients(plan, packed, backProjection);
    }

    /** @param gradients null if only dIn is needed */
    void backward(ForwardState state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = state.grid();
        DynamicAlignment.requireWanted(dIn, gradients);
        check(grid, x, dOut, dIn);
        if (gradients != null) {
            gradients.require(shape, "dynamic alignment gradient");
        }
        try (Sweep sweep = new Sweep(plan, forward, grid, x, null, gradients != null)) {
            if (dIn == null) {
                sweepTasks(sweep, state, dOut, 0, null);
            } else {
                try (Lease products = backProjection.leaseProducts(grid)) {
                    sweepTasks(sweep, state, dOut, columns.vectors(), products.values());
                    col2im(sweep, products.values(), CpuTensor.segment(dIn), false);
                }
            }
            if (gradients != null) {
                weightGradients.add(sweep, gradients);
            }
        }
    }

    void mapBackward(ForwardState state, Tensor x, Tensor v, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = state.grid();
        check(grid, x, dOut, dIn);
        gradients.require(shape, "dynamic alignment gradient");
        v.require(x.shape(), "dynamic alignment map gradient", "v");
        // Scores and products u of v's patches, with the dynamic weights of x. Only this call uses them.
        try (ForwardState mapped = state.another(plan, "map gradient")) {
            forward.forEachTask(grid, v, state, mapped, (task, padded, a, s, worker) -> {
                try (Lease q = workspace.lease(worker, OfWorker.SQUARED_NORMS, plan.unitFloats(grid), OWNER)) {
                    state.loadSquaredNorms(task, q.values());
                    mapped.save(task, a, q.values(), s);
                }
            });
            try (Sweep sweep = new Sweep(plan, forward, grid, x, v, true)) {
                if (dIn == null) {
                    sweepTasks(sweep, mapped, dOut, 0, null);
                } else {
                    try (Lease products = backProjection.leaseProducts(grid)) {
                        // v is a constant, so x affects the output only through the factors.
                        sweepTasks(sweep, mapped, dOut, columns.aVectors(), products.values());
                        col2im(sweep, products.values(), CpuTensor.segment(dIn), true);
                    }
                }
                weightGradients.add(sweep, gradients);
            }
        }
    }

    private void check(PatchGrid grid, Tensor x, Tensor dOut, Tensor dIn) {
        String operation = "dynamic alignment gradient";
        x.require(Shape.of(grid.n(), grid.h(), grid.w(), shape.inChannels()), operation, "x");
        dOut.require(shape.output(x.shape()), operation, "dOut");
        if (dIn != null) {
            dIn.require(x.shape(), operation, "dIn");
        }
        packed.halfGramTransposed();
    }

    /** Floats that all workers share, besides those of back-projection. @param ofMap true for {@link #mapBackward} */
    long sharedFloats(PatchGrid grid, boolean ofMap) {
        long positions = (long) grid.tasks() * grid.taskPositions();
        long mapImages = ofMap ? (long) grid.n() * patches.paddedImage(grid) : 0;
        return (ofMap ? 2L : 1L) * grid.tasks() * patches.rowFloats(grid)
                + mapImages
                + 2 * positions * (columns.factorLanes() + columns.unitLanes())
                + weightGradients.sharedFloats();
    }

    /** Floats that each worker leases, besides those of a forward pass and of back-projection. */
    long workerFloats(PatchGrid grid) {
        return plan.unitFloats(grid) + grid.taskPositions() * 2L * columns.lanes() + weightGradients.workerFloats(grid);
    }

    private int factorStart(PatchGrid grid, int task) {
        return task * grid.taskPositions() * columns.factorLanes();
    }

    /**
     * Computes g', e and da of every task, and the products of the first {@code vectors} vectors of weights for dx.
     *
     * @param backProducts receives the products; null if none are needed
     */
    private void sweepTasks(Sweep sweep, ForwardState state, Tensor dOut, int vectors, float[] backProducts) {
        PatchGrid grid = sweep.grid;
        int floats = plan.unitFloats(grid);
        MemorySegment from = CpuTensor.segment(dOut);
        plan.workers().run(grid.tasks(), (task, worker) -> {
            try (Lease q = workspace.lease(worker, OfWorker.SQUARED_NORMS, floats, OWNER);
                    Lease s = workspace.lease(worker, OfWorker.SCORES, floats, OWNER)) {
                state.loadFactors(task, sweep.a, factorStart(grid, task));
                state.loadSquaredNorms(task, q.values());
                state.loadScores(task, s.values());
                computeGradients(sweep, state, task, from, q.values(), s.values(), worker);
            }
            if (backProducts != null) {
                int position = task * grid.taskPositions();
                backProjection.multiply(grid, task, sweep.gradients, position, 0, vectors, backProducts, worker);
            }
        });
    }

    /** g', e and da of one task. */
    private void computeGradients(
            Sweep sweep, ForwardState state, int task, MemorySegment dOut, float[] q, float[] s, int worker) {
        PatchGrid grid = sweep.grid;
        int floats = plan.unitFloats(grid);
        int da = factorStart(grid, task);
        Arrays.fill(sweep.da, da, factorStart(grid, task + 1), 0);
        try (Lease raw = workspace.lease(worker, OfWorker.OUTPUT_GRADIENTS, floats, OWNER);
                Lease scaled = workspace.lease(worker, OfWorker.SCALED_GRADIENTS, floats, OWNER)) {
            float[] g = raw.values();
            columns.readUnits(grid, task, dOut, 0, 1, g);
            scale.apply(q, g, scaled.values(), grid.taskPositions());
            System.arraycopy(scaled.values(), 0, sweep.g, task * floats, floats);
            addProducts(sweep, state, task, scaled.values(), worker);
            if (shape.norm() == Norm.WB) {
                bound(sweep, task, q, s, scaled.values());
            } else {
                scale.e(q, s, g, sweep.e, task * floats, floats);
                squaredNorms.addGradient(grid, task, sweep.e, sweep.a, sweep.da, worker);
            }
        }
    }

    /** WB: computes α_j and β from c_j = g'_j s_j. */
    private void bound(Sweep sweep, int task, float[] squaredPatchNorms, float[] s, float[] g) {
        PatchGrid grid = sweep.grid;
        int units = columns.unitLanes();
        float[] alpha = sweep.alpha[task];
        Arrays.fill(alpha, 0);
        for (int p = 0; p < grid.taskPositions(); p++) {
            int position = grid.position(task, p);
            if (position < 0) {
                continue;
            }
            float sum = 0;
            for (int unit = 0; unit < shape.units(); unit++) {
                float c = g[p * units + unit] * s[p * units + unit];
                float norm = packed.frobenius()[unit];
                sum += c;
                alpha[unit] -= norm > 0 ? c / (norm * norm) : 0;
            }
            float square = squaredPatchNorms[p * units];
            sweep.beta[position] = square > 0 ? -sum / square : 0;
        }
    }

    /** Adds {@code Σ_j g'_j u_j} to da. */
    private void addProducts(Sweep sweep, ForwardState state, int task, float[] g, int worker) {
        PatchGrid grid = sweep.grid;
        int lanes = columns.lanes();
        int width = 2 * lanes;
        try (Lease u = workspace.lease(worker, OfWorker.PRODUCTS, grid.taskPositions() * width, OWNER)) {
            for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
                state.loadProducts(task, panel, u.values());
                for (int v = 0; v < 2; v++) {
                    int vector = columns.first(panel) + v;
                    kernels.laneSums(
                            u.values(),
                            v * lanes,
                            width,
                            g,
                            columns.lane(vector),
                            columns.unitLanes(),
                            sweep.da,
                            factorStart(grid, task) + columns.slot(vector),
                            columns.factorLanes(),
                            grid.taskPositions());
                }
            }
        }
    }

    /** Adds the products at the input positions. For WB also adds β p of every patch. */
    private void col2im(Sweep sweep, float[] backProducts, MemorySegment dIn, boolean add) {
        PatchGrid grid = sweep.grid;
        int image = patches.paddedImage(grid);
        int row = grid.w() * shape.inChannels();
        plan.workers().run(grid.n(), (n, worker) -> {
            try (Lease padded = workspace.lease(worker, OfWorker.IMAGE, image + columns.lanes(), OWNER);
                    Lease values = workspace.lease(worker, OfWorker.ROW, add ? row : 0, OWNER)) {
                float[] sum = padded.values();
                Arrays.fill(sum, 0, image, 0);
                patches.col2im(grid, backProducts, n, sum);
                if (shape.norm() == Norm.WB) {
                    addPatches(sweep, n, sum);
                }
                if (add) {
                    patches.addUnpadded(grid, sum, dIn, n, values.values());
                } else {
                    patches.unpad(grid, sum, dIn, n);
                }
            }
        });
    }

    private void addPatches(Sweep sweep, int image, float[] sum) {
        PatchGrid grid = sweep.grid;
        int perImage = grid.outH() * grid.outW();
        SquaredPatchNorms norms = new SquaredPatchNorms(grid, shape, patches, sweep.padded);
        for (int position = image * perImage; position < (image + 1) * perImage; position++) {
            norms.addPatch(kernels, sweep.beta[position], position, sum);
        }
    }
}
