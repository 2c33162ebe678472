package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Dynamic alignment in the patch-first form: the score is {@code s_j = a · u_j} and the squared norm {@code q_j = aᵀ G_j a}, so no
 * dynamic weight is written to memory. Each tile of products u stays in registers and the first-level cache, and is reduced against a at
 * once. Only training saves u, for the gradient of a. The derivation is in {@link org.codanet.nn.op.alignment}.
 *
 * <p>A pass is split into tasks of up to 64 rows of patches. The sums of a task have the same terms in the same order for every batch
 * and every number of threads, so the same image gives the same bits.
 */
public final class CpuDynamicAlignment implements DynamicAlignment {
    private final CpuContext context;
    private final DynamicAlignmentShape shape;
    private final Plan plan;
    private final Patches patches;
    private final PackedWeights packed;
    private final Forward forward;
    private final BackProjection backProjection;
    private final Gradient gradient;

    public CpuDynamicAlignment(CpuContext context, Scope scope, DynamicAlignmentShape shape) {
        this.context = context;
        this.shape = shape;
        this.plan = Plan.of(context, shape);
        this.patches = plan.patches();
        this.packed = new PackedWeights(plan, scope.path() + "/" + shape);
        Scale scale = new Scale(plan, packed);
        SquaredNorms squaredNorms = new SquaredNorms(plan, packed);
        this.forward = new Forward(plan, packed, squaredNorms, scale);
        this.backProjection = new BackProjection(plan, packed, scale);
        this.gradient = new Gradient(plan, packed, forward, backProjection, squaredNorms, scale);
        scope.register(packed::release);
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    /** The selected algorithm, for {@code --verbose}. */
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
        return scope.register(new ForwardState(this, plan, plan.grid(x), purpose, scope.path()));
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return ForwardState.bytes(plan.grid(x), plan.columns(), purpose);
    }

    @Override
    public long preparedBytes(Purpose purpose, int targets) {
        return packed.bytes(purpose) + (backProjection.streamsWeights(targets) ? packed.streamingBytes() : 0);
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int targets) {
        PatchGrid grid = plan.grid(x);
        int image = patches.paddedImage(grid);
        long shared = (long) grid.n() * image;
        long ofWorker = forward.workerFloats(grid)
                + backProjection.workerFloats(grid)
                + backProjection.targetFloats(grid, targets);
        if (purpose != Purpose.INFERENCE) {
            ofWorker += image;
            shared += backProjection.sharedFloats(grid, targets);
        }
        if (purpose == Purpose.TRAINING) {
            shared += gradient.sharedFloats(grid, targets > 0);
            ofWorker += gradient.workerFloats(grid);
        }
        long mapState = purpose == Purpose.TRAINING && targets > 0 ? stateBytes(x, purpose) : 0;
        return Float.BYTES * (shared + context.workers().count() * ofWorker) + mapState;
    }

    @Override
    public int minUniformTargets(int targets) {
        return backProjection.minUniformTargets(targets);
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        y.require(shape.output(x.shape()), "dynamic alignment", "y");
        ForwardState own = state == null ? null : ForwardState.of(state, this, Purpose.EXPLANATION);
        requireFits(own, x.shape());
        forward.forward(x, y, own);
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        out.require(shape.output(v.shape()), "dynamic alignment map", "out");
        requireFits(own, v.shape());
        forward.applyMap(own, v, out);
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = own.grid();
        int targets = dOut.shape().extent(1);
        dOut.require(Shape.of(grid.n(), targets, grid.outH(), grid.outW(), shape.units()), "back-projection", "dOut");
        dIn.require(Shape.of(grid.n(), targets, grid.h(), grid.w(), shape.inChannels()), "back-projection", "dIn");
        backProjection.backProject(own, dOut, dIn, targets);
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        gradient.backward(ForwardState.of(state, this, Purpose.TRAINING), x, dOut, dIn, gradients);
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        gradient.mapBackward(ForwardState.of(state, this, Purpose.TRAINING), x, v, g, dIn, gradients);
    }

    private static void requireFits(ForwardState state, Shape x) {
        if (state != null && !state.grid().fits(x)) {
            PatchGrid grid = state.grid();
            throw new IllegalArgumentException("dynamic alignment: the state was created for " + grid.n()
                    + " images of " + grid.h() + "×" + grid.w() + ", the input has " + x.extent(0) + " of "
                    + x.extent(1) + "×" + x.extent(2));
        }
    }
}
