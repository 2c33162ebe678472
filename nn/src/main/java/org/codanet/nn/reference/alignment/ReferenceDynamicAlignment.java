package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.reference.op.ReferenceMemory;
import org.codanet.nn.reference.op.ReferenceOperation;
import org.codanet.nn.reference.op.ReferenceTensor;
import org.codanet.nn.reference.op.Windows;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link DynamicAlignment} by its definition: the dynamic weights of a position are formed, used and dropped. A forward state is a copy of
 * x, and every later pass computes the dynamic weights from it again.
 */
public final class ReferenceDynamicAlignment extends ReferenceOperation implements DynamicAlignment {
    private final DynamicAlignmentShape shape;
    private PackedWeights weights;

    public ReferenceDynamicAlignment(ReferenceMemory memory, Scope scope, DynamicAlignmentShape shape) {
        super(memory, scope, "dynamic alignment");
        this.shape = shape;
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    @Override
    public void prepare(Weights given, Purpose purpose) {
        requireOpen();
        given.require(shape, operation());
        if (weights == null) {
            memory().hold(preparedBytes(purpose, 1), owner());
        }
        double[] bias = given.bias() == null
                ? null
                : tensor(given.bias(), shape.biasShape(), "b").read();
        weights = new PackedWeights(
                shape,
                tensor(given.a(), shape.aShape(), "A").read(),
                tensor(given.b(), shape.bShape(), "B").read(),
                bias);
    }

    @Override
    public void release() {
        if (weights != null) {
            memory().letGo(preparedBytes(Purpose.TRAINING, 1), owner());
            weights = null;
        }
    }

    @Override
    public State state(Scope scope, Shape x, Purpose purpose) {
        requireOpen();
        shape.output(x);
        return scope.register(new ForwardState(this, memory(), x, purpose, scope.path()));
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return x.elements() * Double.BYTES;
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int targets) {
        return 0;
    }

    /** Copies of the weights. */
    @Override
    public long preparedBytes(Purpose purpose, int targets) {
        long numbers = shape.aShape().elements() + shape.bShape().elements();
        return (numbers + (shape.bias() ? shape.biasShape().elements() : 0)) * Double.BYTES;
    }

    /** 1: targets are back-projected one by one. */
    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        requirePrepared();
        ReferenceTensor out = tensor(y, shape.output(x.shape()), "y");
        double[] input = tensor(x, x.shape(), "x").read();
        if (state != null) {
            ForwardState.of(state, this, Purpose.EXPLANATION).fill(x.shape(), input);
        }
        apply(windows(x.shape()), input, input, out);
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        requirePrepared();
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        double[] input = tensor(v, own.shape(), "v").read();
        ReferenceTensor result = tensor(out, shape.output(own.shape()), "out");
        apply(windows(own.shape()), own.x(), input, result);
    }

    /** Writes f_j w_j · m, with the dynamic weights of x and the patches m of {@code v}. */
    private void apply(Windows windows, double[] x, double[] v, ReferenceTensor out) {
        for (int position = 0; position < windows.positions(); position++) {
            DynamicWeights at = new DynamicWeights(weights, windows.im2col(x, position));
            double[] m = windows.im2col(v, position);
            for (int j = 0; j < shape.units(); j++) {
                out.set(position * shape.units() + j, at.f(j) * at.s(j, m));
            }
        }
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        requirePrepared();
        ForwardState own = ForwardState.of(state, this, Purpose.EXPLANATION);
        Windows windows = windows(own.shape());
        int targets = tensor(dOut, 5, "dOut", "(N, K, Ho, Wo, D)").shape().extent(1);
        ReferenceTensor g = tensor(dOut, withTargets(shape.output(own.shape()), targets), "dOut");
        ReferenceTensor result = tensor(dIn, withTargets(own.shape(), targets), "dIn");
        int perImage = windows.outHeight() * windows.outWidth();
        double[][] sums = new double[targets][(int) own.shape().elements()];
        for (int position = 0; position < windows.positions(); position++) {
            DynamicWeights at = new DynamicWeights(weights, windows.im2col(own.x(), position));
            int image = windows.image(position);
            for (int k = 0; k < targets; k++) {
                int row = (image * targets + k) * perImage + position % perImage;
                windows.col2im(at.backProject(units(g, row)), position, sums[k]);
            }
        }
        int ofImage = (int) (own.shape().elements() / windows.images());
        for (int n = 0; n < windows.images(); n++) {
            for (int k = 0; k < targets; k++) {
                for (int i = 0; i < ofImage; i++) {
                    result.set((n * targets + k) * ofImage + i, sums[k][n * ofImage + i]);
                }
            }
        }
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        requirePrepared();
        DynamicAlignment.requireWanted(dIn, gradients);
        ForwardState own = ForwardState.of(state, this, Purpose.TRAINING);
        tensor(x, own.shape(), "x");
        ReferenceTensor g = tensor(dOut, shape.output(own.shape()), "dOut");
        ReferenceTensor dX = dIn == null ? null : tensor(dIn, own.shape(), "dIn");
        double[] sum = differentiate(own, null, g, gradients);
        if (dX != null) {
            dX.write(sum);
        }
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        requirePrepared();
        ForwardState own = ForwardState.of(state, this, Purpose.TRAINING);
        tensor(x, own.shape(), "x");
        double[] input = tensor(v, own.shape(), "v").read();
        ReferenceTensor upper = tensor(g, shape.output(own.shape()), "g");
        ReferenceTensor dX = dIn == null ? null : tensor(dIn, own.shape(), "dIn");
        gradients.require(shape, operation());
        double[] sum = differentiate(own, input, upper, gradients);
        for (int i = 0; dX != null && i < sum.length; i++) {
            dX.add(i, sum[i]);
        }
    }

    /**
     * The gradient of {@code Σ g_j f_j w_j · m}, where m is the patch of {@code v} and a constant, or that of x if {@code v} is null. Adds
     * to {@code gradients} unless null, and returns the gradient of x.
     */
    private double[] differentiate(ForwardState state, double[] v, ReferenceTensor g, Weights gradients) {
        Windows windows = windows(state.shape());
        Gradient gradient = new Gradient(weights, gradients != null);
        double[] dX = new double[(int) state.shape().elements()];
        if (gradients != null) {
            gradients.require(shape, operation());
        }
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(state.x(), position);
            double[] m = v == null ? p : windows.im2col(v, position);
            DynamicWeights at = new DynamicWeights(weights, p);
            windows.col2im(gradient.add(at, m, v == null, units(g, position)), position, dX);
        }
        if (gradients != null) {
            ReferenceTensor dBias = gradients.bias() == null ? null : tensor(gradients.bias(), shape.biasShape(), "db");
            gradient.addTo(
                    tensor(gradients.a(), shape.aShape(), "dA"), tensor(gradients.b(), shape.bShape(), "dB"), dBias);
        }
        return dX;
    }

    private Windows windows(Shape x) {
        return Windows.of(x, shape.output(x), shape.kernel(), shape.stride(), shape.padding());
    }

    /** Row {@code row} of a tensor whose last extent is the units. */
    private double[] units(ReferenceTensor tensor, int row) {
        double[] values = new double[shape.units()];
        for (int j = 0; j < values.length; j++) {
            values[j] = tensor.get(row * shape.units() + j);
        }
        return values;
    }

    private static Shape withTargets(Shape activation, int targets) {
        return Shape.of(
                activation.extent(0), targets, activation.extent(1), activation.extent(2), activation.extent(3));
    }

    private void requirePrepared() {
        requireOpen();
        if (weights == null) {
            throw new IllegalStateException(operation() + ": prepare was not called, so the operation has no weights");
        }
    }
}
