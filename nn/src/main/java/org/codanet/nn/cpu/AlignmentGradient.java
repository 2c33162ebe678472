package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.op.DynamicAlignment.Weights;
import org.codanet.nn.op.DynamicAlignmentShape;
import org.codanet.nn.op.Norm;
import org.codanet.nn.op.Purpose;
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
final class AlignmentGradient {
    private static final int ROWS = 2;
    private static final int FACTORS = 3;
    private static final int GRADIENTS = 4;
    private static final int CURVATURES = 5;
    private static final int FACTOR_GRADIENTS = 6;
    private static final int OTHER_ROWS = 7;
    private static final int OTHER_PADDED = 8;
    private static final int MOMENTS = 10;
    private static final int FOUND = 11;

    /** Scratch of a worker. */
    private static final int RAW = 11;

    private static final int SUMS = 12;
    private static final int PIECE = 13;

    private final CpuContext context;
    private final Kernels kernels;
    private final CpuDynamicAlignment layer;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;

    /** The weights' gradients are sums over all positions of a batch, in float32 whatever the device's precision. */
    private final Products floats;

    AlignmentGradient(
            CpuContext context,
            CpuDynamicAlignment layer,
            DynamicAlignmentShape shape,
            Patches patches,
            Columns columns,
            PackedWeights packed) {
        this.context = context;
        this.kernels = context.kernels();
        this.layer = layer;
        this.shape = shape;
        this.patches = patches;
        this.columns = columns;
        this.packed = packed;
        this.floats = new FloatProducts(context);
    }

    /** The values of all tasks that both sweeps read. {@code e} is half the factor of the dynamic weight. */
    private record Sweep(
            PatchGrid grid,
            float[] padded,
            float[] rows,
            float[] slotRows,
            float[] a,
            float[] g,
            float[] e,
            float[] da,
            float[][] frobenius,
            float[] patchFactors) {}

    void backward(AlignmentState kept, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = kept.grid();
        check(grid, x, dOut, dIn, gradients);
        Sweep sweep = sweep(grid, x, null);
        MemorySegment g = CpuTensor.segment(dOut);
        float[] products = dIn == null ? null : backProducts(grid);
        context.workers().run(grid.tasks(), (task, worker) -> {
            float[] q = context.scratch(worker, CpuDynamicAlignment.NORMS, unitFloats(grid));
            float[] s = context.scratch(worker, CpuDynamicAlignment.SCORES, unitFloats(grid));
            kept.load(task, columns, sweep.a(), task * factorFloats(grid), q, s);
            findGradients(sweep, kept, task, g, q, s, worker);
            if (products != null) {
                pullBack(sweep, task, columns.vectors(), products, worker);
            }
        });
        if (dIn != null) {
            scatter(sweep, products, CpuTensor.segment(dIn), true);
        }
        findWeightGradients(sweep, gradients);
    }

    void mapBackward(AlignmentState kept, Tensor x, Tensor v, Tensor dOut, Tensor dIn, Weights gradients) {
        PatchGrid grid = kept.grid();
        check(grid, x, dOut, dIn, gradients);
        v.require(x.shape(), "dynamic alignment map gradient", "v");
        MemorySegment g = CpuTensor.segment(dOut);
        // The products of v's patches with the weights take the place of u; they live for this call alone.
        try (AlignmentState mapped =
                new AlignmentState(layer, grid, columns, Purpose.TRAINING, context.memory(), "map gradient")) {
            layer.eachTask(grid, v, kept, mapped, (task, padded, a, s, worker) -> {
                float[] q = context.scratch(worker, CpuDynamicAlignment.NORMS, unitFloats(grid));
                kept.load(task, columns, a, 0, q, null);
                mapped.save(task, columns, a, q, s);
            });
            Sweep sweep = sweep(grid, x, v);
            float[] products = dIn == null ? null : backProducts(grid);
            context.workers().run(grid.tasks(), (task, worker) -> {
                float[] q = context.scratch(worker, CpuDynamicAlignment.NORMS, unitFloats(grid));
                float[] s = context.scratch(worker, CpuDynamicAlignment.SCORES, unitFloats(grid));
                mapped.load(task, columns, sweep.a(), task * factorFloats(grid), q, s);
                findGradients(sweep, mapped, task, g, q, s, worker);
                if (products != null) {
                    pullBack(sweep, task, columns.aVectors(), products, worker);
                }
            });
            if (dIn != null) {
                scatter(sweep, products, CpuTensor.segment(dIn), false);
            }
            findWeightGradients(sweep, gradients);
        }
    }

    private void check(PatchGrid grid, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        String operation = "dynamic alignment gradient";
        x.require(org.codanet.nn.tensor.Shape.of(grid.n(), grid.h(), grid.w(), shape.inChannels()), operation, "x");
        dOut.require(shape.output(x.shape()), operation, "dOut");
        if (dIn != null) {
            dIn.require(x.shape(), operation, "dIn");
        }
        gradients.require(shape, operation);
        packed.gramTransposed();
    }

    /** Floats that the workers share, beside those of the way back to x. */
    long sharedFloats(PatchGrid grid) {
        long positions = (long) grid.tasks() * grid.taskPositions();
        return (long) grid.tasks() * layer.rowFloats(grid)
                + 2 * positions * (columns.factorLanes() + columns.unitLanes())
                + (long) shape.patch() * columns.vectors() * columns.lanes()
                + (long) columns.unitLanes() * columns.slots() * columns.slots();
    }

    /** Floats of each worker, beside those that a forward pass needs. */
    long workerFloats(PatchGrid grid) {
        int lanes = columns.lanes();
        long depth = (patches.depth() + Kernels.ROWS - 1) / Kernels.ROWS * Kernels.ROWS;
        return unitFloats(grid)
                + grid.taskPositions() * 2L * lanes
                + patches.frequencies() * (grid.taskRows() + depth) * 2 * lanes;
    }

    private int unitFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.unitLanes();
    }

    private int factorFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.factorLanes();
    }

    private float[] gatherAll(PatchGrid grid, float[] padded, int slot) {
        int floats = layer.rowFloats(grid);
        float[] rows = context.shared(slot, Math.multiplyExact(grid.tasks(), floats));
        context.workers().run(grid.tasks(), (task, worker) -> patches.gather(grid, padded, task, rows, task * floats));
        return rows;
    }

    private float[] backProducts(PatchGrid grid) {
        return context.shared(
                CpuDynamicAlignment.BACK_PRODUCTS, Math.multiplyExact(grid.tasks(), patches.productsOfTask(grid)));
    }

    /** @param v whose patches the slots' gradients are taken with; null for x */
    private Sweep sweep(PatchGrid grid, Tensor x, Tensor v) {
        boolean bounded = shape.norm() == Norm.WB;
        int positions = grid.tasks() * grid.taskPositions();
        float[] padded = layer.pad(grid, x, CpuDynamicAlignment.PADDED);
        float[] rows = gatherAll(grid, padded, ROWS);
        float[] slotRows = v != null ? gatherAll(grid, layer.pad(grid, v, OTHER_PADDED), OTHER_ROWS) : rows;
        return new Sweep(
                grid,
                padded,
                rows,
                slotRows,
                context.shared(FACTORS, positions * columns.factorLanes() + columns.lanes()),
                context.shared(GRADIENTS, positions * columns.unitLanes()),
                context.shared(CURVATURES, positions * columns.unitLanes()),
                context.shared(FACTOR_GRADIENTS, positions * columns.factorLanes() + columns.lanes()),
                bounded ? new float[grid.tasks()][columns.unitLanes()] : null,
                bounded ? new float[grid.n() * grid.outH() * grid.outW()] : null);
    }

    /** g', e and da of one task. */
    private void findGradients(
            Sweep sweep, AlignmentState products, int task, MemorySegment dOut, float[] q, float[] s, int worker) {
        PatchGrid grid = sweep.grid();
        int positions = grid.taskPositions();
        int units = columns.unitLanes();
        float[] raw = context.scratch(worker, RAW, unitFloats(grid));
        layer.readPositions(grid, task, dOut, 0, 1, raw, 0);
        float[] g = context.scratch(worker, CpuDynamicAlignment.OUTPUT, unitFloats(grid));
        layer.rescale(q, raw, g, positions);
        System.arraycopy(g, 0, sweep.g(), task * unitFloats(grid), unitFloats(grid));
        int da = task * factorFloats(grid);
        java.util.Arrays.fill(sweep.da(), da, da + factorFloats(grid), 0);
        sumProducts(sweep, products, task, g, worker);
        if (shape.norm() == Norm.WB) {
            bound(sweep, task, q, s, g);
            return;
        }
        curvatures(q, s, raw, sweep.e(), task * unitFloats(grid), positions * units);
        addQuadratic(sweep, task, worker);
    }

    /** {@code e/2 = g s ∂f/∂q}; zero where q is zero. */
    private void curvatures(float[] q, float[] s, float[] g, float[] e, int offset, int count) {
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

    /** WB: what the unit norms and the patch norms contribute; g is g · f already. */
    private void bound(Sweep sweep, int task, float[] squares, float[] s, float[] g) {
        PatchGrid grid = sweep.grid();
        int units = columns.unitLanes();
        float[] frobenius = sweep.frobenius()[task];
        java.util.Arrays.fill(frobenius, 0);
        java.util.Arrays.fill(sweep.e(), task * unitFloats(grid), (task + 1) * unitFloats(grid), 0);
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

    private void sumProducts(Sweep sweep, AlignmentState products, int task, float[] g, int worker) {
        PatchGrid grid = sweep.grid();
        int lanes = columns.lanes();
        float[] u = context.scratch(worker, CpuDynamicAlignment.PRODUCTS, grid.taskPositions() * 2 * lanes);
        for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
            products.loadProducts(task, columns, panel, u);
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

    /** {@code da += Σ_j e_j G_j a}, through the gradient of the quadratic form with respect to its pairs. */
    private void addQuadratic(Sweep sweep, int task, int worker) {
        PatchGrid grid = sweep.grid();
        int lanes = columns.lanes();
        int row = columns.pairLanes();
        float[] z = context.scratch(worker, CpuDynamicAlignment.PAIRS, Kernels.ROWS * (row + lanes) + lanes);
        float[] m = context.scratch(worker, CpuDynamicAlignment.TILES, Kernels.ROWS * 2 * lanes);
        for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
            int position = task * grid.taskPositions() + p;
            for (int panel = 0; 2 * panel * lanes < row; panel++) {
                int width = Math.min(2, row / lanes - 2 * panel);
                kernels.product(
                        sweep.e(),
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
                int a = (position + i) * columns.factorLanes();
                for (int slot = 0, pair = i * row; slot < columns.slots(); slot++) {
                    int count = columns.slots() - slot;
                    sweep.da()[a + slot] += kernels.dot(z, pair, sweep.a(), a + slot, count);
                    kernels.axpy(sweep.a()[a + slot], z, pair, sweep.da(), a + slot, count);
                    pair += count;
                }
            }
        }
    }

    private void pullBack(Sweep sweep, int task, int vectors, float[] products, int worker) {
        PatchGrid grid = sweep.grid();
        int aEnd = columns.aVectors();
        int position = task * grid.taskPositions();
        for (int from = 0; from < vectors; ) {
            int end = from < aEnd ? aEnd : vectors;
            int to = Math.min(end, from + CpuDynamicAlignment.CHUNK);
            layer.pullBack(
                    grid,
                    task,
                    sweep.g(),
                    sweep.a(),
                    sweep.da(),
                    position,
                    from,
                    to,
                    packed.transposed(),
                    products,
                    from > 0,
                    worker);
            from = to;
        }
    }

    private void scatter(Sweep sweep, float[] products, MemorySegment dIn, boolean overwrite) {
        PatchGrid grid = sweep.grid();
        int image = patches.paddedImage(grid);
        int perImage = grid.outH() * grid.outW();
        int floats = grid.h() * grid.w() * shape.inChannels();
        context.workers().run(grid.n(), (n, worker) -> {
            float[] sum = context.scratch(worker, CpuDynamicAlignment.IMAGE, image + columns.lanes());
            java.util.Arrays.fill(sum, 0, image, 0);
            if (products != null) {
                patches.scatter(grid, products, n, sum, 0);
            }
            if (shape.norm() == Norm.WB) {
                for (int position = n * perImage; position < (n + 1) * perImage; position++) {
                    PatchNorms.addPatch(
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

    private void findWeightGradients(Sweep sweep, Weights gradients) {
        int row = columns.vectors() * columns.lanes();
        float[] found = context.shared(FOUND, Math.multiplyExact(shape.patch(), row));
        context.workers().run(columns.panels(), (panel, worker) -> findPanel(sweep, panel, found, worker));
        finishWeights(sweep, found, gradients);
    }

    private void finishWeights(Sweep sweep, float[] found, Weights gradients) {
        float[] moments = context.shared(MOMENTS, columns.unitLanes() * columns.slots() * columns.slots());
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
        float[] t = context.scratch(worker, CpuDynamicAlignment.SPREAD, patches.frequencies() * grid.taskRows() * row);
        float[] sums = context.scratch(worker, SUMS, patches.frequencies() * frequency);
        java.util.Arrays.fill(sums, 0, patches.frequencies() * frequency, 0);
        float[] rows = columns.isA(columns.first(panel)) ? sweep.rows() : sweep.slotRows();
        for (int task = 0; task < grid.tasks(); task++) {
            for (int v = 0; v < width; v++) {
                layer.spread(
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
                int from = task * layer.rowFloats(grid) + f * grid.taskRows() * patches.rowLength();
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
        float[] taps = context.scratch(worker, PIECE, patches.taps() * lanes);
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
        float[] z = context.scratch(worker, CpuDynamicAlignment.PAIRS, positions * ldz + lanes);
        int panels = (columns.unitVectors() + 1) / 2;
        int tile = Kernels.ROWS * 2 * lanes;
        float[] sums = context.scratch(worker, SUMS, blocks * panels * tile);
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
                            task * unitFloats(grid) + 2 * panel * lanes,
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
            float[] sums = context.scratch(worker, SUMS, block * slots * lanes);
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
            float[] before = context.scratch(worker, PIECE, shape.rank() * shape.units());
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
