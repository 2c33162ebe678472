package org.codanet.gpu.op.alignment;

import org.codanet.gpu.op.CudaOperation;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Dynamic alignment on a CUDA device. Dynamic weights are never written to memory. This class checks the arguments and selects the form
 * of each pass by precision, GPU and shape. The package documentation describes the forms.
 */
public final class CudaDynamicAlignment extends CudaOperation implements DynamicAlignment {
    /** Lowest compute capability whose tensor cores support TF32 and bfloat16, as ten times the version. */
    private static final int TENSOR_CORE_CAPABILITY = 80;

    private static final String GRADIENT = "dynamic alignment gradient";

    private final DynamicAlignmentShape shape;
    private final PackedWeights weights;
    private final Forward forward;
    private final BackProjection backProjection;
    private final Gradient gradient;
    /** Null if the layer uses tensor cores for no pass. */
    private final TensorCoreWeights fragments;

    private final TensorCoreForward tensorCoreForward;
    /** Null if the gradient is patch-first. */
    private final TensorCoreGradient tensorCoreGradient;
    /** Null if the layer does not use the fused form. */
    private final Fused fused;

    /** The passes of the fused form. */
    private record Fused(
            FusedTiling tiling,
            FusedWeights weights,
            FusedForward forward,
            FusedBackProjection backProjection,
            FusedGradient gradient) {}

    public CudaDynamicAlignment(CudaResources resources, String owner, DynamicAlignmentShape shape) {
        super(resources, owner, "dynamic alignment");
        this.shape = shape;
        AlignmentKernels kernels = new AlignmentKernels(resources, shape);
        weights = new PackedWeights(resources, shape, kernels, owner);
        TensorCoreTiling tiling = new TensorCoreTiling(shape.rank(), resources.precision() == Precision.BF16);
        fused = fused(resources, kernels, owner);
        boolean tensorCore = fused == null
                && resources.precision() != Precision.FP32
                && !shape.gramFormCancels()
                && resources.context().capability() >= TENSOR_CORE_CAPABILITY
                && tiling.supportsForward();
        TensorCoreBackProjection tensorCoreBackProjection = null;
        if (tensorCore) {
            fragments = new TensorCoreWeights(resources, kernels, weights, shape, tiling, owner);
            tensorCoreForward = new TensorCoreForward(kernels, shape, tiling, fragments, weights);
            tensorCoreBackProjection = new TensorCoreBackProjection(kernels, shape, tiling, fragments, weights);
        } else {
            fragments = null;
            tensorCoreForward = null;
        }
        tensorCoreGradient = tensorCore && tiling.supportsGradient()
                ? new TensorCoreGradient(resources, kernels, weights, fragments, tensorCoreForward, shape, tiling)
                : null;
        forward = new Forward(resources, kernels, weights, shape, tensorCoreForward);
        backProjection = new BackProjection(resources, kernels, weights, shape, tensorCoreBackProjection);
        gradient = new Gradient(resources, kernels, weights);
        resources.selections().report(this);
    }

    private Fused fused(CudaResources resources, AlignmentKernels kernels, String owner) {
        FusedTiling tiling =
                FusedTiling.of(shape, resources.precision(), resources.context().capability());
        if (tiling == null) {
            return null;
        }
        FusedElements launches =
                new FusedElements(kernels, shape, tiling, resources.context().multiprocessors());
        FusedWeights streams = new FusedWeights(launches, weights, resources.memory(), owner);
        FusedBackProjection back = new FusedBackProjection(resources, launches, streams);
        return new Fused(
                tiling,
                streams,
                new FusedForward(resources, launches, streams),
                back,
                new FusedGradient(resources, launches, weights, streams, back));
    }

    /** Null if the forward pass uses another form. */
    TensorCoreForward tensorCoreForward() {
        return tensorCoreForward;
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    @Override
    public void prepare(Weights next, Purpose purpose) {
        resources();
        weights.prepare(next);
        if (fused != null) {
            resources().compiler().compileAhead(fused.tiling().sources(purpose));
            fused.weights().prepare();
        }
        if (fragments != null) {
            fragments.prepare();
        }
        if (tensorCoreGradient != null && purpose == Purpose.TRAINING) {
            fragments.prepareTransposed();
        }
    }

    @Override
    public State state(Scope scope, Shape x, Purpose purpose) {
        return scope.register(new ForwardState(
                this,
                PatchGrid.of(shape, x),
                purpose,
                extras(purpose),
                resources().memory(),
                scope.path()));
    }

    /** The patch-first gradient needs nothing, because it computes the scores again, together with u. */
    private ForwardState.Extras extras(Purpose purpose) {
        if (purpose != Purpose.TRAINING) {
            return ForwardState.Extras.NONE;
        }
        return new ForwardState.Extras(
                fused != null || tensorCoreGradient != null,
                fused == null ? 0 : fused.tiling().packedFactors());
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return ForwardState.bytes(PatchGrid.of(shape, x), extras(purpose));
    }

    @Override
    public long preparedBytes(Purpose purpose, int functionals) {
        return weights.bytes()
                + (fused == null ? 0 : fused.weights().bytes())
                + (fragments == null ? 0 : fragments.fragmentBytes())
                + (tensorCoreGradient == null || purpose != Purpose.TRAINING ? 0 : fragments.transposedBytes());
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int functionals) {
        PatchGrid grid = PatchGrid.of(shape, x);
        long bytes = fused != null ? fused.forward().workspaceBytes(grid) : forward.workspaceBytes(grid);
        if (purpose != Purpose.INFERENCE && functionals > 0) {
            bytes = Math.max(
                    bytes,
                    fused != null
                            ? fused.backProjection().workspaceBytes(grid, functionals)
                            : backProjection.workspaceBytes(grid, functionals));
        }
        if (purpose == Purpose.TRAINING) {
            bytes = Math.max(bytes, gradientBytes(grid));
            if (fused != null && functionals > 0) {
                // Frozen maps and their gradients are patch-first.
                bytes = Math.max(bytes, Math.max(forward.workspaceBytes(grid), gradient.workspaceBytes(grid)));
            }
        }
        return bytes;
    }

    private long gradientBytes(PatchGrid grid) {
        if (fused != null) {
            return fused.gradient().workspaceBytes(grid);
        }
        return tensorCoreGradient != null ? tensorCoreGradient.workspaceBytes(grid) : gradient.workspaceBytes(grid);
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        y.require(shape.output(x.shape()), operation(), "y");
        weights.requirePrepared();
        PatchGrid grid = PatchGrid.of(shape, x.shape());
        ForwardState own = state == null ? null : ForwardState.of(state, this, Purpose.EXPLANATION);
        requireSame(own, grid);
        if (fused != null) {
            fused.forward().run(grid, pointer(x), pointer(y), own);
        } else {
            forward.run(grid, pointer(x), pointer(y), own);
        }
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        out.require(shape.output(v.shape()), "dynamic alignment map", "out");
        requireSame(own, PatchGrid.of(shape, v.shape()));
        weights.requirePrepared();
        forward.applyMap(own, pointer(v), pointer(out));
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid grid = own.grid();
        requireRank(dOut, 5, "dOut", "(N, K, Ho, Wo, D)");
        int targets = dOut.shape().extent(1);
        dOut.require(Shape.of(grid.n(), targets, grid.outH(), grid.outW(), grid.units()), "back-projection", "dOut");
        dIn.require(Shape.of(grid.n(), targets, grid.h(), grid.w(), shape.inChannels()), "back-projection", "dIn");
        weights.requirePrepared();
        if (fused != null) {
            fused.backProjection().run(own, targets, pointer(dOut), pointer(dIn));
        } else {
            backProjection.run(own, targets, pointer(dOut), pointer(dIn));
        }
    }

    @Override
    public int minUniformTargets(int targets) {
        return fused != null ? 1 : backProjection.minUniformTargets(targets);
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        ForwardState own = ForwardState.of(state, this, Purpose.TRAINING);
        DynamicAlignment.requireWanted(dIn, gradients);
        requireGradientShapes(own, x, dOut, dIn);
        if (gradients != null) {
            gradients.require(shape, GRADIENT);
        }
        runGradient(own, x, x, dOut, dIn, gradients);
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        ForwardState own = ForwardState.of(state, this, Purpose.TRAINING);
        requireGradientShapes(own, x, g, dIn);
        gradients.require(shape, GRADIENT);
        v.require(x.shape(), "dynamic alignment map gradient", "v");
        runGradient(own, v, x, g, dIn, gradients);
    }

    private void runGradient(ForwardState state, Tensor v, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        if (fused != null && v == x) {
            fused.gradient().run(state, pointer(x), pointer(dOut), pointer(dIn), gradients);
        } else if (tensorCoreGradient != null) {
            tensorCoreGradient.run(state, pointer(v), pointer(x), pointer(dOut), pointer(dIn), gradients);
        } else {
            gradient.run(state, pointer(v), pointer(x), pointer(dOut), pointer(dIn), gradients);
        }
    }

    private void requireGradientShapes(ForwardState state, Tensor x, Tensor dOut, Tensor dIn) {
        PatchGrid grid = state.grid();
        x.require(Shape.of(grid.n(), grid.h(), grid.w(), shape.inChannels()), GRADIENT, "x");
        dOut.require(shape.output(x.shape()), GRADIENT, "dOut");
        if (dIn != null) {
            dIn.require(x.shape(), GRADIENT, "dIn");
        }
        weights.requirePrepared();
    }

    private static void requireSame(ForwardState state, PatchGrid grid) {
        if (state != null && !state.grid().equals(grid)) {
            PatchGrid expected = state.grid();
            throw new IllegalArgumentException("dynamic alignment: the state was made for " + expected.n()
                    + " images of " + expected.h() + "×" + expected.w() + ", the input has " + grid.n() + " of "
                    + grid.h() + "×" + grid.w());
        }
    }

    @Override
    public void release() {
        weights.release();
        if (fused != null) {
            fused.weights().release();
        }
        if (fragments != null) {
            fragments.release();
        }
    }

    /** The selected forms, for {@code --verbose}. */
    @Override
    public String toString() {
        if (fused != null) {
            return "dynamic alignment on " + resources().name()
                    + ": forward, back-projection and gradient fused, frozen maps patch-first, " + shape;
        }
        return "dynamic alignment on " + resources().name() + ": forward " + forward.form()
                + ", back-projection of one target " + backProjection.form(1) + ", of several "
                + backProjection.form(2) + ", gradient "
                + (tensorCoreGradient != null ? "tensor-core" : "patch-first")
                + (shape.gramFormCancels() ? ", float32" : "") + ", " + shape;
    }
}
