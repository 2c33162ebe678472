package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.op.DynamicAlignment;
import org.codanet.nn.op.DynamicAlignmentShape;
import org.codanet.nn.op.Norm;
import org.codanet.nn.op.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Dynamic alignment without dynamic weights: with u_j = (B_j, b_j)ᵀ p and a = (Aᵀ p, 1), the score is s_j = a · u_j and the
 * squared norm the quadratic form a · G_j a. The products u stay in a tile of registers and first-level cache and are reduced
 * against a at once; only training keeps them, for the gradient of a.
 *
 * <p>A pass is cut into tasks of up to 64 rows of patches. A task's sums run over the same terms in the same order whatever
 * the batch and the number of threads, so the same image gives the same bits.
 */
final class CpuDynamicAlignment implements DynamicAlignment {
    /** Scratch arrays of a worker; {@link PackedWeights} uses slot 0. */
    static final int ROWS = 1;

    static final int TILES = 2;
    static final int FACTORS = 3;
    static final int SCORES = 4;
    static final int NORMS = 5;
    static final int PAIRS = 6;
    static final int OUTPUT = 7;
    static final int PRODUCTS = 8;
    static final int SPREAD = 9;
    static final int IMAGE = 10;
    static final int OPERANDS = 14;

    /** Arrays that the workers of a pass share. */
    static final int PADDED = 0;

    static final int BACK_PRODUCTS = 1;

    /** Vectors of slots that are spread at a time on the way back: their weights and values fit the second-level cache. */
    static final int CHUNK = 4;

    private final CpuContext context;
    private final Kernels kernels;
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final Products norms;
    private final PackedWeights packed;
    private final ClassMaps classMaps;
    private final AlignmentGradient gradient;
    private final String owner;

    CpuDynamicAlignment(CpuContext context, Scope scope, DynamicAlignmentShape shape) {
        this.context = context;
        this.kernels = context.kernels();
        this.shape = shape;
        this.patches = Patches.of(shape, kernels);
        this.columns = Columns.of(shape, kernels.lanes());
        this.owner = scope.path() + "/" + shape;
        this.products = Products.of(context);
        this.norms = robust(shape) ? products : new FloatProducts(context);
        this.packed = new PackedWeights(shape, patches, columns, products, norms, context, owner);
        this.classMaps = new ClassMaps(context, shape, columns, packed, products);
        this.gradient = new AlignmentGradient(context, this, shape, patches, columns, packed);
        scope.register(packed::release);
    }

    /**
     * Whether the squared norm may be made of rounded numbers. Its form cancels where a dynamic weight is much shorter than the terms it is
     * made of: always somewhere, if there are more slots than patch entries; and L2 divides by what is left.
     */
    private static boolean robust(DynamicAlignmentShape shape) {
        int slots = shape.rank() + (shape.bias() ? 1 : 0);
        return shape.norm() == Norm.SQ && slots <= shape.patch();
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    /** The algorithm that was chosen, for {@code --verbose}. */
    @Override
    public String toString() {
        return "dynamic alignment on " + context.name() + ": " + patches.name() + ", " + products.name() + ", " + shape;
    }

    @Override
    public void prepare(Weights weights, Purpose purpose) {
        packed.prepare(weights, purpose);
    }

    @Override
    public State state(Scope scope, Shape x, Purpose purpose) {
        return scope.register(new AlignmentState(this, grid(x), columns, purpose, context.memory(), scope.path()));
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return AlignmentState.bytes(grid(x), columns, purpose);
    }

    @Override
    public long preparedBytes(Purpose purpose, int functionals) {
        return packed.bytes(purpose) + (byClassMaps(functionals) ? packed.classBytes() : 0);
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int functionals) {
        PatchGrid grid = grid(x);
        int image = patches.paddedImage(grid);
        long shared = (long) grid.n() * image;
        long ofWorker = rowFloats(grid)
                + factorFloats(grid)
                + 3L * grid.taskPositions() * columns.unitLanes()
                + tilesAtOnce(grid) * Kernels.ROWS * (CHUNK + 2L) * columns.lanes()
                + products.operandFloats(Math.max(rowFloats(grid), grid.taskPositions() * columns.factorLanes()))
                + Kernels.ROWS * (long) columns.pairLanes();
        if (purpose != Purpose.INFERENCE) {
            ofWorker += image;
            shared += byClassMaps(functionals)
                    ? classMaps.sharedFloats(grid, functionals)
                    : (long) grid.tasks() * patches.productsOfTask(grid);
        }
        if (byClassMaps(functionals)) {
            ofWorker += classMaps.workerFloats(grid, functionals);
        }
        if (purpose == Purpose.TRAINING) {
            shared += gradient.sharedFloats(grid);
            ofWorker += gradient.workerFloats(grid);
        }
        return Float.BYTES * (shared + context.workers().count() * ofWorker);
    }

    /** Whether so many functionals go through the dynamic weights themselves, and not one by one through the patches. */
    private boolean byClassMaps(int functionals) {
        // A row holds as many positions whatever the image: ask for the smallest.
        int rowPositions = grid(Shape.of(1, shape.kernel(), shape.kernel(), shape.inChannels()))
                .rowPositions();
        long byPatch = (long) functionals * patches.frequencies() * patches.depth() / rowPositions * columns.slots();
        long byWeight = (long) shape.patch() * (columns.slots() + functionals);
        return functionals > 1 && byWeight < byPatch;
    }

    private PatchGrid grid(Shape x) {
        return patches.grid(x, context.workers().count());
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        y.require(shape.output(x.shape()), "dynamic alignment", "y");
        PatchGrid grid = grid(x.shape());
        AlignmentState kept = state == null ? null : AlignmentState.of(state, this, Purpose.EXPLANATION);
        requireGrid(kept, grid);
        boolean training = kept != null && kept.purpose() == Purpose.TRAINING;
        MemorySegment out = CpuTensor.segment(y);
        eachTask(grid, x, null, training ? kept : null, (task, padded, a, s, worker) -> {
            float[] q = context.scratch(worker, NORMS, grid.taskPositions() * columns.unitLanes());
            findSquares(grid, padded, task, a, q, worker);
            if (kept != null) {
                kept.save(task, columns, a, q, s);
            }
            rescale(q, s, s, grid.taskPositions());
            writePositions(grid, task, s, out, 0, 1);
        });
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        AlignmentState kept = AlignmentState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = kept.grid();
        out.require(shape.output(v.shape()), "dynamic alignment map", "out");
        requireGrid(kept, grid(v.shape()));
        MemorySegment target = CpuTensor.segment(out);
        eachTask(grid, v, kept, null, (task, padded, a, s, worker) -> {
            float[] q = context.scratch(worker, NORMS, grid.taskPositions() * columns.unitLanes());
            kept.load(task, columns, a, 0, q, null);
            rescale(q, s, s, grid.taskPositions());
            writePositions(grid, task, s, target, 0, 1);
        });
    }

    /** Works on a task's factors a and scores s, which are the worker's own until the next task. */
    @FunctionalInterface
    interface TaskWork {
        /** @param padded the images in the middle of zeros; null where neither products nor norms need them */
        void run(int task, float[] padded, float[] a, float[] s, int worker);
    }

    /**
     * Finds factors and scores of every task: the products of x's patches with the weights, reduced against the factors.
     *
     * @param frozen where the factors come from; null takes x's own
     * @param keep where the products are kept; null keeps none
     */
    void eachTask(PatchGrid grid, Tensor x, AlignmentState frozen, AlignmentState keep, TaskWork work) {
        packed.weights();
        int scores = grid.taskPositions() * columns.unitLanes();
        float[] padded = pad(grid, x, PADDED);
        context.workers().run(grid.tasks(), (task, worker) -> {
            float[] rows = gather(grid, padded, task, worker);
            float[] a = context.scratch(worker, FACTORS, factorFloats(grid));
            if (frozen == null) {
                findFactors(grid, rows, a, worker);
            } else {
                frozen.load(task, columns, a, 0, context.scratch(worker, NORMS, scores), null);
            }
            float[] s = context.scratch(worker, SCORES, scores);
            findScores(grid, rows, a, s, keep, task, worker);
            work.run(task, padded, a, s, worker);
        });
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        AlignmentState kept = AlignmentState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = kept.grid();
        int classes = dOut.shape().extent(1);
        dOut.require(Shape.of(grid.n(), classes, grid.outH(), grid.outW(), shape.units()), "back-projection", "dOut");
        dIn.require(Shape.of(grid.n(), classes, grid.h(), grid.w(), shape.inChannels()), "back-projection", "dIn");
        if (byClassMaps(classes)) {
            classMaps.backProject(kept, this, dOut, dIn, classes);
            return;
        }
        float[] products = context.shared(BACK_PRODUCTS, grid.tasks() * patches.productsOfTask(grid));
        float[] transposed = packed.transposed();
        for (int q = 0; q < classes; q++) {
            int target = q;
            MemorySegment from = CpuTensor.segment(dOut);
            context.workers().run(grid.tasks(), (task, worker) -> {
                float[] a = context.scratch(worker, FACTORS, factorFloats(grid));
                float[] g = scaledGradient(kept, task, from, target, classes, a, worker);
                for (int vector = columns.aVectors(); vector < columns.vectors(); vector += CHUNK) {
                    pullBack(
                            grid,
                            task,
                            g,
                            a,
                            null,
                            0,
                            vector,
                            Math.min(columns.vectors(), vector + CHUNK),
                            transposed,
                            products,
                            vector > columns.aVectors(),
                            worker);
                }
            });
            scatter(grid, products, CpuTensor.segment(dIn), target, classes);
        }
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        gradient.backward(AlignmentState.of(state, this, Purpose.TRAINING), x, dOut, dIn, gradients);
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        gradient.mapBackward(AlignmentState.of(state, this, Purpose.TRAINING), x, v, g, dIn, gradients);
    }

    @Override
    public void weightNorms(State state, Tensor x, Tensor out) {
        AlignmentState kept = AlignmentState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = kept.grid();
        out.require(shape.output(x.shape()), "weight norms", "out");
        MemorySegment target = CpuTensor.segment(out);
        context.workers().run(grid.tasks(), (task, worker) -> {
            int positions = grid.taskPositions();
            float[] a = context.scratch(worker, FACTORS, factorFloats(grid));
            float[] q = context.scratch(worker, NORMS, positions * columns.unitLanes());
            kept.load(task, columns, a, 0, q, null);
            quadraticForm(grid, a, q, worker);
            for (int i = 0; i < positions * columns.unitLanes(); i++) {
                q[i] = (float) Math.sqrt(q[i]);
            }
            writePositions(grid, task, q, target, 0, 1);
        });
    }

    private static void requireGrid(AlignmentState kept, PatchGrid grid) {
        if (kept != null && !kept.grid().equals(grid)) {
            throw new IllegalArgumentException("dynamic alignment: the state was made for "
                    + kept.grid().n() + " images of "
                    + kept.grid().h() + "×" + kept.grid().w() + ", the input has " + grid.n() + " of " + grid.h() + "×"
                    + grid.w());
        }
    }

    /** Floats of a task's factors, with room for a vector read past the end. */
    int factorFloats(PatchGrid grid) {
        return grid.taskPositions() * columns.factorLanes() + columns.lanes();
    }

    /** All images in the middle of zeros. */
    float[] pad(PatchGrid grid, Tensor x, int slot) {
        MemorySegment source = CpuTensor.segment(x);
        int image = patches.paddedImage(grid);
        float[] padded = context.shared(slot, Math.multiplyExact(grid.n(), image) + columns.lanes());
        context.workers().run(grid.n(), (n, worker) -> patches.pad(grid, source, n, padded, n * image));
        return padded;
    }

    /** Floats of a task's rows. */
    int rowFloats(PatchGrid grid) {
        return patches.frequencies() * grid.taskRows() * patches.rowLength();
    }

    /** A task's rows as operands. */
    private float[] gather(PatchGrid grid, float[] padded, int task, int worker) {
        float[] rows = context.scratch(worker, ROWS, rowFloats(grid));
        patches.gather(grid, padded, task, rows, 0);
        return products.operand(rows, rowFloats(grid), worker, OPERANDS);
    }

    /** Tiles of some groups of rows with one panel of weights. */
    private void multiply(PatchGrid grid, float[] rows, int group, int panel, float[] m) {
        int row = 2 * columns.lanes();
        boolean direct = patches.frequencies() == 1;
        products.product(
                rows,
                group * Kernels.ROWS * patches.rowLength(),
                patches.rowLength(),
                (direct ? Kernels.ROWS : grid.taskRows()) * patches.rowLength(),
                packed.forward(),
                packed.forwardPanel(panel),
                direct ? 0 : packed.forwardSteps() * row,
                2,
                m,
                0,
                Kernels.ROWS * row,
                patches.depth(),
                tilesAtOnce(grid),
                false);
    }

    /** Tiles that one call computes: all frequencies of one group, or all groups of one frequency. */
    private int tilesAtOnce(PatchGrid grid) {
        return patches.frequencies() * patches.groupsAtOnce(grid);
    }

    private float[] tiles(PatchGrid grid, int worker) {
        return context.scratch(worker, TILES, tilesAtOnce(grid) * Kernels.ROWS * 2 * columns.lanes());
    }

    /** a = (Aᵀ p, 1) at every position of a task. */
    void findFactors(PatchGrid grid, float[] rows, float[] a, int worker) {
        int lanes = columns.lanes();
        int row = columns.factorLanes();
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        int groups = patches.groupsAtOnce(grid);
        float[] m = tiles(grid, worker);
        for (int panel = 0; panel < columns.aPanels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                for (int v = 0; v < 2; v++) {
                    int to = group * groupPositions * row + (columns.first(panel) + v) * lanes;
                    patches.collect(m, groups, v, null, 0, 0, null, 0, 0, a, to, row);
                }
            }
        }
        for (int p = 0; p < grid.taskPositions(); p++) {
            if (shape.bias()) {
                a[p * row + shape.rank()] = 1;
            }
            a[p * row + columns.slots()] = 0;
        }
    }

    /** s_j = a · u_j at every position of a task; keeps the products u if asked to. */
    void findScores(PatchGrid grid, float[] rows, float[] a, float[] s, AlignmentState keep, int task, int worker) {
        int lanes = columns.lanes();
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        int groups = patches.groupsAtOnce(grid);
        float[] m = tiles(grid, worker);
        float[] u = keep == null ? null : context.scratch(worker, PRODUCTS, grid.taskPositions() * 2 * lanes);
        java.util.Arrays.fill(s, 0, grid.taskPositions() * columns.unitLanes(), 0);
        for (int panel = columns.aPanels(); panel < columns.panels(); panel++) {
            for (int group = 0; group < grid.groups(); group += groups) {
                multiply(grid, rows, group, panel, m);
                int first = group * groupPositions;
                for (int v = 0; v < 2; v++) {
                    int vector = columns.first(panel) + v;
                    patches.collect(
                            m,
                            groups,
                            v,
                            a,
                            first * columns.factorLanes() + columns.slot(vector),
                            columns.factorLanes(),
                            s,
                            first * columns.unitLanes() + columns.lane(vector),
                            columns.unitLanes(),
                            u,
                            first * 2 * lanes + v * lanes,
                            2 * lanes);
                }
            }
            if (keep != null) {
                keep.saveProducts(task, columns, panel, u);
            }
        }
    }

    /** What the norm divides by, squared: q_j, or ‖p‖² for WB. */
    private void findSquares(PatchGrid grid, float[] padded, int task, float[] a, float[] q, int worker) {
        if (shape.norm() == Norm.WB) {
            PatchNorms.squares(grid, shape, patches, padded, task, q, columns.unitLanes());
        } else {
            quadraticForm(grid, a, q, worker);
        }
    }

    private void quadraticForm(PatchGrid grid, float[] a, float[] q, int worker) {
        int lanes = columns.lanes();
        int row = columns.pairLanes() + lanes;
        float[] m = tiles(grid, worker);
        for (int p = 0; p < grid.taskPositions(); p += Kernels.ROWS) {
            float[] z = norms.pairs(a, p * columns.factorLanes(), columns.factorLanes(), columns, row, worker, PAIRS);
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

    /** Copies the positions of a task that exist, (positions, unit lanes), to target {@code t} of (N, T, Ho, Wo, D). */
    private void writePositions(PatchGrid grid, int task, float[] values, MemorySegment out, int t, int targets) {
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                CpuTensor.write(
                        values,
                        p * columns.unitLanes(),
                        out,
                        target(grid, position, t, targets) * shape.units(),
                        shape.units());
            }
        }
    }

    /** The reverse of {@link #writePositions}; zero at positions that do not exist and lanes that are no unit. */
    void readPositions(PatchGrid grid, int task, MemorySegment in, int t, int targets, float[] values, int offset) {
        int row = columns.unitLanes();
        java.util.Arrays.fill(values, offset, offset + grid.taskPositions() * row, 0);
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                CpuTensor.read(
                        in,
                        target(grid, position, t, targets) * shape.units(),
                        values,
                        offset + p * row,
                        shape.units());
            }
        }
    }

    private static long target(PatchGrid grid, long position, int t, int targets) {
        long perImage = (long) grid.outH() * grid.outW();
        return (position / perImage * targets + t) * perImage + position % perImage;
    }

    /** Loads a task's factors into {@code a}; returns g · f at its positions. */
    float[] scaledGradient(
            AlignmentState kept, int task, MemorySegment dOut, int t, int targets, float[] a, int worker) {
        PatchGrid grid = kept.grid();
        float[] g = context.scratch(worker, SCORES, grid.taskPositions() * columns.unitLanes());
        float[] q = context.scratch(worker, NORMS, grid.taskPositions() * columns.unitLanes());
        kept.load(task, columns, a, 0, q, null);
        readPositions(grid, task, dOut, t, targets, g, 0);
        rescale(q, g, g, grid.taskPositions());
        return g;
    }

    /**
     * Adds (or starts) a task's products with the transposed weights of some vectors: those of slots with g_j a_ρ, those of A
     * with {@code da}. The task's values begin at {@code position} of the arrays.
     */
    void pullBack(
            PatchGrid grid,
            int task,
            float[] g,
            float[] a,
            float[] da,
            int position,
            int from,
            int to,
            float[] transposed,
            float[] products,
            boolean add,
            int worker) {
        int lanes = columns.lanes();
        int row = (to - from) * lanes;
        int groupPositions = Kernels.ROWS * grid.rowPositions();
        boolean direct = patches.frequencies() == 1;
        int groups = patches.groupsAtOnce(grid);
        float[] t = context.scratch(worker, SPREAD, tilesAtOnce(grid) * Kernels.ROWS * CHUNK * lanes);
        int base = task * patches.productsOfTask(grid);
        for (int group = 0; group < grid.groups(); group += groups) {
            for (int vector = from; vector < to; vector++) {
                spread(
                        this.products,
                        g,
                        a,
                        da,
                        position + group * groupPositions,
                        vector,
                        t,
                        (vector - from) * lanes,
                        Kernels.ROWS * row,
                        row,
                        groups * Kernels.ROWS);
            }
            for (int panel = 0; panel < patches.depthPanels(); panel++) {
                int width = patches.depthWidth(panel);
                int panelRow = width * lanes;
                this.products.product(
                        t,
                        0,
                        row,
                        Kernels.ROWS * row,
                        transposed,
                        packed.transposedPanel(panel) + this.products.steps(from * lanes) * panelRow,
                        direct ? 0 : packed.transposedSteps() * panelRow,
                        width,
                        products,
                        base + patches.product(grid, panel, 0, group),
                        (direct ? 1 : grid.groups()) * Kernels.ROWS * panelRow,
                        row,
                        tilesAtOnce(grid),
                        add);
            }
        }
    }

    /** Spreads one vector's values at the positions from {@code first} of a task over the frequencies of its rows. */
    void spread(
            Products products,
            float[] g,
            float[] a,
            float[] da,
            int first,
            int vector,
            float[] out,
            int oo,
            int ldf,
            int ldt,
            int rows) {
        if (columns.isA(vector)) {
            patches.spread(
                    products,
                    da,
                    first * columns.factorLanes() + columns.lane(vector),
                    columns.factorLanes(),
                    null,
                    0,
                    0,
                    out,
                    oo,
                    ldf,
                    ldt,
                    rows);
        } else {
            patches.spread(
                    products,
                    g,
                    first * columns.unitLanes() + columns.lane(vector),
                    columns.unitLanes(),
                    a,
                    first * columns.factorLanes() + columns.slot(vector),
                    columns.factorLanes(),
                    out,
                    oo,
                    ldf,
                    ldt,
                    rows);
        }
    }

    /** Sums the products of all tasks at the input's positions: overwrites target {@code t} of every image. */
    void scatter(PatchGrid grid, float[] products, MemorySegment dIn, int t, int targets) {
        int image = patches.paddedImage(grid);
        context.workers().run(grid.n(), (n, worker) -> {
            float[] padded = context.scratch(worker, IMAGE, image + columns.lanes());
            java.util.Arrays.fill(padded, 0, image, 0);
            patches.scatter(grid, products, n, padded, 0);
            patches.unpad(grid, padded, 0, dIn, n * targets + t);
        });
    }

    /**
     * The same for patch gradients (positions, targets, {@code row}) of the tasks from {@code firstTask} on: overwrites one
     * target of one image.
     */
    void scatterPatches(
            PatchGrid grid,
            float[] gradients,
            int firstTask,
            int position,
            int row,
            MemorySegment dIn,
            int image,
            int t,
            int targets,
            int worker) {
        int floats = patches.paddedImage(grid);
        float[] padded = context.scratch(worker, IMAGE, floats + columns.lanes());
        java.util.Arrays.fill(padded, 0, floats, 0);
        int perImage = grid.outH() * grid.outW();
        int channels = shape.inChannels();
        for (int within = 0; within < grid.rowsPerImage(); within++) {
            int global = image * grid.rowsPerImage() + within;
            int task = global / grid.taskRows();
            for (int sub = 0; sub < grid.rowPositions(); sub++) {
                int local = global % grid.taskRows() * grid.rowPositions() + sub;
                int at = grid.position(task, local);
                if (at < 0) {
                    continue;
                }
                int from = ((task - firstTask) * grid.taskPositions() + local) * position + t * row;
                int y = at % perImage / grid.outW() * shape.stride();
                int x = at % grid.outW() * shape.stride();
                for (int ky = 0; ky < shape.kernel(); ky++) {
                    for (int kx = 0; kx < shape.kernel(); kx++) {
                        kernels.axpy(
                                1,
                                gradients,
                                from + (ky * shape.kernel() + kx) * channels,
                                padded,
                                ((y + ky) * grid.paddedW() + x + kx) * patches.pixel(),
                                channels);
                    }
                }
            }
        }
        patches.unpad(grid, padded, 0, dIn, image * targets + t);
    }
}
