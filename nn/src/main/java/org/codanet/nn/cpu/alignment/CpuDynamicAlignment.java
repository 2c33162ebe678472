package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
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
public final class CpuDynamicAlignment implements DynamicAlignment {
    private final CpuContext context;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final Columns columns;
    private final PackedWeights packed;
    private final SquaredNorms norms;
    private final AlignmentTasks tasks;
    private final WeightStreaming weightStreaming;
    private final Gradient gradient;

    public CpuDynamicAlignment(CpuContext context, Scope scope, DynamicAlignmentShape shape) {
        this.context = context;
        this.shape = shape;
        this.plan = Plan.of(context, shape);
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.packed = new PackedWeights(plan, scope.path() + "/" + shape);
        this.norms = new SquaredNorms(plan, packed);
        this.tasks = new AlignmentTasks(plan, packed, norms);
        this.weightStreaming = new WeightStreaming(plan, packed, tasks);
        this.gradient = new Gradient(plan, packed, tasks, norms);
        scope.register(packed::release);
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    /** The algorithm that was chosen, for {@code --verbose}. */
    @Override
    public String toString() {
        return "dynamic alignment on " + context.name() + ": " + patches.name() + ", "
                + plan.products().name() + ", " + shape;
    }

    @Override
    public void prepare(Weights weights, Purpose purpose) {
        packed.prepare(weights, purpose);
    }

    @Override
    public State state(Scope scope, Shape x, Purpose purpose) {
        return scope.register(new ForwardState(this, plan.grid(x), columns, purpose, context.memory(), scope.path()));
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return ForwardState.bytes(plan.grid(x), columns, purpose);
    }

    @Override
    public long preparedBytes(Purpose purpose, int functionals) {
        return packed.bytes(purpose) + (byWeightStreaming(functionals) ? packed.classBytes() : 0);
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int functionals) {
        PatchGrid grid = plan.grid(x);
        int image = patches.paddedImage(grid);
        long shared = (long) grid.n() * image;
        long ofWorker = tasks.workerFloats(grid) + norms.workerFloats();
        if (purpose != Purpose.INFERENCE) {
            ofWorker += image;
            shared += byWeightStreaming(functionals)
                    ? weightStreaming.sharedFloats(grid, functionals)
                    : (long) grid.tasks() * patches.productsOfTask(grid);
        }
        if (byWeightStreaming(functionals)) {
            ofWorker += weightStreaming.workerFloats(grid, functionals);
        }
        if (purpose == Purpose.TRAINING) {
            shared += gradient.sharedFloats(grid, functionals > 0);
            ofWorker += gradient.workerFloats(grid);
        }
        long mapped = purpose == Purpose.TRAINING && functionals > 0 ? stateBytes(x, purpose) : 0;
        return Float.BYTES * (shared + context.workers().count() * ofWorker) + mapped;
    }

    @Override
    public int minUniformTargets(int targets) {
        int least = targets;
        while (least > 1 && byWeightStreaming(least - 1) == byWeightStreaming(targets)) {
            least--;
        }
        return least;
    }

    /** Whether so many functionals go through the dynamic weights themselves, and not one by one through the patches. */
    private boolean byWeightStreaming(int functionals) {
        // A row holds as many positions whatever the image: ask for the smallest.
        int rowPositions = plan.grid(Shape.of(1, shape.kernel(), shape.kernel(), shape.inChannels()))
                .rowPositions();
        long byPatch = (long) functionals * patches.frequencies() * patches.depth() / rowPositions * columns.slots();
        long byWeight = (long) shape.patch() * (columns.slots() + functionals);
        return functionals > 1 && byWeight < byPatch;
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        y.require(shape.output(x.shape()), "dynamic alignment", "y");
        PatchGrid grid = plan.grid(x.shape());
        ForwardState kept = state == null ? null : ForwardState.of(state, this, Purpose.EXPLANATION);
        requireGrid(kept, grid);
        boolean training = kept != null && kept.purpose() == Purpose.TRAINING;
        MemorySegment out = CpuTensor.segment(y);
        tasks.forEach(grid, x, null, training ? kept : null, (task, padded, a, s, worker) -> {
            float[] q = context.scratch(worker, Scratch.NORMS, tasks.unitFloats(grid));
            norms.findSquares(grid, padded, task, a, q, worker);
            if (kept != null) {
                kept.save(task, columns, a, q, s);
            }
            norms.rescale(q, s, s, grid.taskPositions());
            tasks.writePositions(grid, task, s, out);
        });
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        ForwardState kept = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = kept.grid();
        out.require(shape.output(v.shape()), "dynamic alignment map", "out");
        requireGrid(kept, plan.grid(v.shape()));
        MemorySegment target = CpuTensor.segment(out);
        tasks.forEach(grid, v, kept, null, (task, padded, a, s, worker) -> {
            float[] q = context.scratch(worker, Scratch.NORMS, tasks.unitFloats(grid));
            kept.load(task, columns, a, 0, q, null);
            norms.rescale(q, s, s, grid.taskPositions());
            tasks.writePositions(grid, task, s, target);
        });
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        ForwardState kept = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = kept.grid();
        int classes = dOut.shape().extent(1);
        dOut.require(Shape.of(grid.n(), classes, grid.outH(), grid.outW(), shape.units()), "back-projection", "dOut");
        dIn.require(Shape.of(grid.n(), classes, grid.h(), grid.w(), shape.inChannels()), "back-projection", "dIn");
        if (byWeightStreaming(classes)) {
            weightStreaming.backProject(kept, dOut, dIn, classes);
            return;
        }
        float[] backProducts = tasks.backProducts(grid);
        for (int q = 0; q < classes; q++) {
            int target = q;
            MemorySegment from = CpuTensor.segment(dOut);
            context.workers().run(grid.tasks(), (task, worker) -> {
                float[] a = context.scratch(worker, Scratch.FACTORS, tasks.factorFloats(grid));
                float[] g = tasks.scaledGradient(kept, task, from, target, classes, a, worker);
                tasks.pullBack(grid, task, g, a, null, 0, columns.aVectors(), columns.vectors(), backProducts, worker);
            });
            tasks.scatter(grid, backProducts, CpuTensor.segment(dIn), target, classes);
        }
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        gradient.backward(ForwardState.of(state, this, Purpose.TRAINING), x, dOut, dIn, gradients);
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        gradient.mapBackward(ForwardState.of(state, this, Purpose.TRAINING), x, v, g, dIn, gradients);
    }

    private static void requireGrid(ForwardState kept, PatchGrid grid) {
        if (kept != null && !kept.grid().equals(grid)) {
            throw new IllegalArgumentException("dynamic alignment: the state was made for "
                    + kept.grid().n() + " images of "
                    + kept.grid().h() + "×" + kept.grid().w() + ", the input has " + grid.n() + " of " + grid.h() + "×"
                    + grid.w());
        }
    }
}
