package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Shared;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Tensor;

/**
 * The full gradient of a dynamic alignment layer. With g = ∂L/∂y, g' = g f and e = 2 g s ∂f/∂q, the gradient with respect to a
 * dynamic weight is {@code g'_j p + e_j w_j}; it is never formed, and everything follows from it:
 *
 * <pre>
 *   da   = Σ_j g'_j u_j + e_j G_j a
 *   dx   = the transposed products of g'_j a_ρ with B and of da with A
 *   dB_j = the products of the patches with g'_j a_ρ, plus B_j Σ e_j a aᵀ          dA = the products of the patches with da
 * </pre>
 *
 * <p>One sweep over the tasks finds g', e, da and dx; a second over panels of weights finds the weights' gradients, each by
 * one worker, in the order of the rows, so that their bits do not depend on the number of threads.
 */
final class Gradient {
    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;
    private final AlignmentTasks tasks;
    private final SquaredNorms norms;
    private final WeightGradients weightGradients;

    Gradient(Plan plan, PackedWeights packed, AlignmentTasks tasks, SquaredNorms norms) {
        this.context = plan.context();
        this.kernels = context.kernels();
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.packed = packed;
        this.tasks = tasks;
        this.norms = norms;
        this.weightGradients = new WeightGradients(plan, packed, tasks);
    }

    void backward(ForwardState kept, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = kept.grid();
        DynamicAlignment.requireWanted(dIn, gradients);
        check(grid, x, dOut, dIn);
        if (gradients != null) {
            gradients.require(shape, "dynamic alignment gradient");
        }
        Sweep sweep = sweep(grid, x, null, gradients != null);
        MemorySegment g = CpuTensor.segment(dOut);
        float[] backProducts = dIn == null ? null : tasks.backProducts(grid);
        context.workers().run(grid.tasks(), (task, worker) -> {
            float[] q = context.scratch(worker, Scratch.NORMS, tasks.unitFloats(grid));
            float[] s = context.scratch(worker, Scratch.SCORES, tasks.unitFloats(grid));
            kept.load(task, columns, sweep.a(), task * factorFloats(grid), q, s);
            findGradients(sweep, kept, task, g, q, s, worker);
            if (backProducts != null) {
                pullBack(sweep, task, columns.vectors(), backProducts, worker);
            }
        });
        if (dIn != null) {
            scatter(sweep, backProducts, CpuTensor.segment(dIn), true);
        }
        if (gradients != null) {
            weightGradients.add(sweep, gradients);
        }
    }

    void mapBackward(ForwardState kept, Tensor x, Tensor v, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = kept.grid();
        check(grid, x, dOut, dIn);
        gradients.require(shape, "dynamic alignment gradient");
        v.require(x.shape(), "dynamic alignment map gradient", "v");
        MemorySegment g = CpuTensor.segment(dOut);
        // The products of v's patches with the weights take the place of u; they live for this call alone.
        try (ForwardState mapped = kept.another(columns, context.memory(), "map gradient")) {
            tasks.forEach(grid, v, kept, mapped, (task, padded, a, s, worker) -> {
                float[] q = context.scratch(worker, Scratch.NORMS, tasks.unitFloats(grid));
                kept.load(task, columns, a, 0, q, null);
                mapped.save(task, columns, a, q, s);
            });
            Sweep sweep = sweep(grid, x, v, true);
            float[] backProducts = dIn == null ? null : tasks.backProducts(grid);
            context.workers().run(grid.tasks(), (task, worker) -> {
                float[] q = context.scratch(worker, Scratch.NORMS, tasks.unitFloats(grid));
                float[] s = context.scratch(worker, Scratch.SCORES, tasks.unitFloats(grid));
                mapped.load(task, columns, sweep.a(), task * factorFloats(grid), q, s);
                findGradients(sweep, mapped, task, g, q, s, worker);
                if (backProducts != null) {
                    pullBack(sweep, task, columns.aVectors(), backProducts, worker);
                }
            });
            if (dIn != null) {
                scatter(sweep, backProducts, CpuTensor.segment(dIn), false);
            }
            weightGradients.add(sweep, gradients);
        }
    }

    private void check(PatchGrid grid, Tensor x, Tensor dOut, Tensor dIn) {
        String operation = "dynamic alignment gradient";
        x.require(org.codanet.nn.tensor.Shape.of(grid.n(), grid.h(), grid.w(), shape.inChannels()), operation, "x");
        dOut.require(shape.output(x.shape()), operation, "dOut");
        if (dIn != null) {
            dIn.require(x.shape(), operation, "dIn");
        }
        packed.gramTransposed();
    }

    /** Floats that the workers share, beside those of the way back to x; {@code ofMaps} with those of {@link #mapBackward}. */
    long sharedFloats(PatchGrid grid, boolean ofMaps) {
        long positions = (long) grid.tasks() * grid.taskPositions();
        long other = ofMaps ? (long) grid.n() * patches.paddedImage(grid) : 0;
        return (ofMaps ? 2L : 1L) * grid.tasks() * tasks.rowFloats(grid)
                + other
                + 2 * positions * (columns.factorLanes() + columns.unitLanes())
                + weightGradients.sharedFloats();
    }

    /** Floats of each worker, beside those that a forward pass needs. */
    long workerFloats(PatchGrid grid) {
        return tasks.unitFloats(grid)
                + grid.taskPositions() * 2L * columns.lanes()
                + weightGradients.workerFloats(grid);
    }

    private int factorFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.factorLanes();
    }

    private float[] gatherAll(PatchGrid grid, float[] padded, int slot) {
        int floats = tasks.rowFloats(grid);
        float[] rows = context.shared(slot, Math.multiplyExact(grid.tasks(), floats));
        context.workers().run(grid.tasks(), (task, worker) -> patches.gather(grid, padded, task, rows, task * floats));
        return rows;
    }

    /**
     * @param v whose patches the slots' gradients are taken with; null for x
     * @param ofWeights whether the weights' gradients are wanted, which need the patches as rows
     */
    private Sweep sweep(PatchGrid grid, Tensor x, Tensor v, boolean ofWeights) {
        boolean bounded = shape.norm() == Norm.WB;
        int positions = grid.tasks() * grid.taskPositions();
        float[] padded = tasks.pad(grid, x, Shared.PADDED);
        float[] rows = ofWeights ? gatherAll(grid, padded, Shared.ROWS) : null;
        float[] slotRows =
                v != null ? gatherAll(grid, tasks.pad(grid, v, Shared.OTHER_PADDED), Shared.OTHER_ROWS) : rows;
        return new Sweep(
                grid,
                padded,
                rows,
                slotRows,
                context.shared(Shared.FACTORS, positions * columns.factorLanes() + columns.lanes()),
                context.shared(Shared.GRADIENTS, positions * columns.unitLanes()),
                context.shared(Shared.CURVATURES, positions * columns.unitLanes()),
                context.shared(Shared.FACTOR_GRADIENTS, positions * columns.factorLanes() + columns.lanes()),
                bounded ? new float[grid.tasks()][columns.unitLanes()] : null,
                bounded ? new float[grid.n() * grid.outH() * grid.outW()] : null);
    }

    /** g', e and da of one task. */
    private void findGradients(
            Sweep sweep, ForwardState kept, int task, MemorySegment dOut, float[] q, float[] s, int worker) {
        PatchGrid grid = sweep.grid();
        int positions = grid.taskPositions();
        int units = columns.unitLanes();
        float[] raw = context.scratch(worker, Scratch.RAW_GRADIENTS, tasks.unitFloats(grid));
        tasks.readPositions(grid, task, dOut, 0, 1, raw);
        float[] g = context.scratch(worker, Scratch.SCALED_GRADIENTS, tasks.unitFloats(grid));
        norms.rescale(q, raw, g, positions);
        System.arraycopy(g, 0, sweep.g(), task * tasks.unitFloats(grid), tasks.unitFloats(grid));
        int da = task * factorFloats(grid);
        java.util.Arrays.fill(sweep.da(), da, da + factorFloats(grid), 0);
        sumProducts(sweep, kept, task, g, worker);
        if (shape.norm() == Norm.WB) {
            bound(sweep, task, q, s, g);
            return;
        }
        norms.curvatures(q, s, raw, sweep.e(), task * tasks.unitFloats(grid), positions * units);
        norms.addFormGradient(grid, task, sweep.e(), sweep.a(), sweep.da(), worker);
    }

    /** WB: what the unit norms and the patch norms contribute; g is g · f already. */
    private void bound(Sweep sweep, int task, float[] squares, float[] s, float[] g) {
        PatchGrid grid = sweep.grid();
        int units = columns.unitLanes();
        float[] frobenius = sweep.frobenius()[task];
        java.util.Arrays.fill(frobenius, 0);
        java.util.Arrays.fill(sweep.e(), task * tasks.unitFloats(grid), (task + 1) * tasks.unitFloats(grid), 0);
        for (int p = 0; p < grid.taskPositions(); p++) {
            int position = grid.position(task, p);
            if (position < 0) {
                continue;
            }
            float sum = 0;
            for (int unit = 0; unit < shape.units(); unit++) {
                float share = g[p * units + unit] * s[p * units + unit];
                float norm = packed.frobenius()[unit];
                sum += share;
                frobenius[unit] -= norm > 0 ? share / (norm * norm) : 0;
            }
            float square = squares[p * units];
            sweep.patchFactors()[position] = square > 0 ? -sum / square : 0;
        }
    }

    private void sumProducts(Sweep sweep, ForwardState kept, int task, float[] g, int worker) {
        PatchGrid grid = sweep.grid();
        int lanes = columns.lanes();
        float[] u = context.scratch(worker, Scratch.PRODUCTS, grid.taskPositions() * 2 * lanes);
        for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
            kept.loadProducts(task, columns, panel, u);
            int width = 2 * lanes;
            for (int v = 0; v < 2; v++) {
                int vector = columns.first(panel) + v;
                kernels.laneSums(
                        u,
                        v * lanes,
                        width,
                        g,
                        columns.lane(vector),
                        columns.unitLanes(),
                        sweep.da(),
                        task * factorFloats(grid) + columns.slot(vector),
                        columns.factorLanes(),
                        grid.taskPositions());
            }
        }
    }

    private void pullBack(Sweep sweep, int task, int vectors, float[] backProducts, int worker) {
        PatchGrid grid = sweep.grid();
        int position = task * grid.taskPositions();
        tasks.pullBack(grid, task, sweep.g(), sweep.a(), sweep.da(), position, 0, vectors, backProducts, worker);
    }

    private void scatter(Sweep sweep, float[] backProducts, MemorySegment dIn, boolean overwrite) {
        PatchGrid grid = sweep.grid();
        int image = patches.paddedImage(grid);
        int perImage = grid.outH() * grid.outW();
        int floats = grid.h() * grid.w() * shape.inChannels();
        context.workers().run(grid.n(), (n, worker) -> {
            float[] sum = context.scratch(worker, Scratch.IMAGE, image + columns.lanes());
            java.util.Arrays.fill(sum, 0, image, 0);
            if (backProducts != null) {
                patches.scatter(grid, backProducts, n, sum, 0);
            }
            if (shape.norm() == Norm.WB) {
                for (int position = n * perImage; position < (n + 1) * perImage; position++) {
                    SquaredPatchNorms.addPatch(
                            grid,
                            shape,
                            patches,
                            kernels,
                            sweep.patchFactors()[position],
                            sweep.padded(),
                            position,
                            sum);
                }
            }
            if (overwrite) {
                patches.unpad(grid, sum, 0, dIn, n);
                return;
            }
            float[] before = new float[floats];
            float[] added = new float[floats];
            CpuTensor.read(dIn, (long) n * floats, before, 0, floats);
            patches.unpad(grid, sum, 0, MemorySegment.ofArray(added), 0);
            kernels.axpy(1, added, 0, before, 0, floats);
            CpuTensor.write(before, 0, dIn, (long) n * floats, floats);
        });
    }
}
