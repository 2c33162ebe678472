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
 * {@link DynamicAlignment} as it is defined: the dynamic weights of a position are written down, used, and forgotten. A
 * state is a copy of x; every later pass computes the weights from it again.
 */
public final class ReferenceDynamicAlignment extends ReferenceOperation implements DynamicAlignment {
    private final DynamicAlignmentShape shape;
    private DynamicWeights weights;

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
        weights = new DynamicWeights(
                shape,
                tensor(given.a(), shape.aShape(), "A").read(),
                tensor(given.b(), shape.bShape(), "B").read(),
                given.bias() == null
                        ? null
                        : tensor(given.bias(), shape.biasShape(), "b").read());
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
        return scope.register(new Kept(this, x, purpose, scope.path()));
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return x.elements() * Double.BYTES;
    }

    /** Copies of the weights. */
    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int functionals) {
        return 0;
    }

    @Override
    public long preparedBytes(Purpose purpose, int functionals) {
        long numbers = shape.aShape().elements() + shape.bShape().elements();
        return (numbers + (shape.bias() ? shape.biasShape().elements() : 0)) * Double.BYTES;
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        requirePrepared();
        Windows windows = windows(x.shape());
        ReferenceTensor out = tensor(y, shape.output(x.shape()), "y");
        double[] input = tensor(x, x.shape(), "x").read();
        if (state != null) {
            own(state, Purpose.EXPLANATION).fill(x.shape(), input);
        }
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(input, position);
            DynamicWeights.At at = weights.at(p);
            for (int j = 0; j < shape.units(); j++) {
                out.set(position * shape.units() + j, at.f(j) * at.product(j, p));
            }
        }
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        requirePrepared();
        Kept kept = own(state, Purpose.EXPLANATION).requireFilled();
        Windows windows = windows(kept.shape);
        int classes = tensor(dOut, 5, "dOut", "(N, K, Ho, Wo, D)").shape().extent(1);
        ReferenceTensor g = tensor(dOut, many(shape.output(kept.shape), classes), "dOut");
        ReferenceTensor result = tensor(dIn, many(kept.shape, classes), "dIn");
        int perImage = windows.outHeight() * windows.outWidth();
        double[][] sums = new double[classes][(int) kept.shape.elements()];
        for (int position = 0; position < windows.positions(); position++) {
            DynamicWeights.At at = weights.at(windows.im2col(kept.x, position));
            int image = windows.image(position);
            for (int k = 0; k < classes; k++) {
                int row = (image * classes + k) * perImage + position % perImage;
                windows.col2im(at.pullBack(units(g, row)), position, sums[k]);
            }
        }
        int ofImage = (int) (kept.shape.elements() / windows.images());
        for (int n = 0; n < windows.images(); n++) {
            for (int k = 0; k < classes; k++) {
                for (int i = 0; i < ofImage; i++) {
                    result.set((n * classes + k) * ofImage + i, sums[k][n * ofImage + i]);
                }
            }
        }
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        requirePrepared();
        DynamicAlignment.requireWanted(dIn, gradients);
        Kept kept = own(state, Purpose.TRAINING).requireFilled();
        tensor(x, kept.shape, "x");
        ReferenceTensor g = tensor(dOut, shape.output(kept.shape), "dOut");
        ReferenceTensor dX = dIn == null ? null : tensor(dIn, kept.shape, "dIn");
        double[] sum = new double[(int) kept.shape.elements()];
        if (gradients == null) {
            inputGradient(kept, g, sum);
        } else {
            differentiate(kept, null, g, sum, gradients);
        }
        if (dX != null) {
            dX.write(sum);
        }
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        requirePrepared();
        Kept kept = own(state, Purpose.EXPLANATION).requireFilled();
        double[] input = tensor(v, kept.shape, "v").read();
        ReferenceTensor result = tensor(out, shape.output(kept.shape), "out");
        Windows windows = windows(kept.shape);
        for (int position = 0; position < windows.positions(); position++) {
            DynamicWeights.At at = weights.at(windows.im2col(kept.x, position));
            double[] patch = windows.im2col(input, position);
            for (int j = 0; j < shape.units(); j++) {
                result.set(position * shape.units() + j, at.f(j) * at.product(j, patch));
            }
        }
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        requirePrepared();
        Kept kept = own(state, Purpose.TRAINING).requireFilled();
        tensor(x, kept.shape, "x");
        double[] input = tensor(v, kept.shape, "v").read();
        ReferenceTensor upper = tensor(g, shape.output(kept.shape), "g");
        ReferenceTensor dX = dIn == null ? null : tensor(dIn, kept.shape, "dIn");
        double[] sum = new double[(int) kept.shape.elements()];
        differentiate(kept, input, upper, sum, gradients);
        for (int i = 0; dX != null && i < sum.length; i++) {
            dX.add(i, sum[i]);
        }
    }

    /**
     * The gradient of Σ g_j f_j w_j · m, m being the patch of {@code v}, or of x itself where {@code v} is null; then m is
     * differentiated too.
     */
    private void differentiate(Kept kept, double[] v, ReferenceTensor g, double[] dX, Weights gradients) {
        gradients.require(shape, operation());
        ReferenceTensor dA = tensor(gradients.a(), shape.aShape(), "dA");
        ReferenceTensor dB = tensor(gradients.b(), shape.bShape(), "dB");
        ReferenceTensor dBias = gradients.bias() == null ? null : tensor(gradients.bias(), shape.biasShape(), "db");
        Windows windows = windows(kept.shape);
        Gradient sums = new Gradient(weights);
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(kept.x, position);
            double[] m = v == null ? p : windows.im2col(v, position);
            windows.col2im(sums.add(weights.at(p), m, v == null, units(g, position)), position, dX);
        }
        sums.addTo(dA, dB, dBias);
    }

    /** As {@link #differentiate}, with respect to x alone. */
    private void inputGradient(Kept kept, ReferenceTensor g, double[] dX) {
        Windows windows = windows(kept.shape);
        Gradient sums = Gradient.ofInput(weights);
        for (int position = 0; position < windows.positions(); position++) {
            double[] p = windows.im2col(kept.x, position);
            windows.col2im(sums.add(weights.at(p), p, true, units(g, position)), position, dX);
        }
    }

    /** 1: targets are back-projected one by one. */
    @Override
    public int minUniformTargets(int targets) {
        return 1;
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

    private static Shape many(Shape activation, int classes) {
        return Shape.of(
                activation.extent(0), classes, activation.extent(1), activation.extent(2), activation.extent(3));
    }

    private void requirePrepared() {
        requireOpen();
        if (weights == null) {
            throw new IllegalStateException(
                    operation() + ": prepare was not called; it gives the operation its weights");
        }
    }

    private Kept own(State state, Purpose needed) {
        if (!(state instanceof Kept kept) || kept.maker != this) {
            throw new IllegalArgumentException(operation() + ": the state was made by another operation");
        }
        if (kept.x == null) {
            throw new IllegalStateException(
                    operation() + ": the state was used after its scope '" + kept.owner + "' was closed");
        }
        if (kept.purpose.compareTo(needed) < 0) {
            throw new IllegalStateException(
                    operation() + ": the state was made for " + kept.purpose + ", " + needed + " is needed");
        }
        return kept;
    }

    /** A copy of x. */
    private static final class Kept implements State, AutoCloseable {
        private final ReferenceDynamicAlignment maker;
        private final Shape shape;
        private final Purpose purpose;
        private final String owner;
        private double[] x;
        private boolean filled;

        Kept(ReferenceDynamicAlignment maker, Shape shape, Purpose purpose, String owner) {
            this.maker = maker;
            this.shape = shape;
            this.purpose = purpose;
            this.owner = owner;
            this.x = maker.memory().take(shape.elements(), owner);
        }

        void fill(Shape given, double[] input) {
            if (!given.equals(shape)) {
                throw new IllegalArgumentException(
                        "dynamic alignment: x is " + given + ", the state was made for " + shape);
            }
            System.arraycopy(input, 0, x, 0, x.length);
            filled = true;
        }

        Kept requireFilled() {
            if (!filled) {
                throw new IllegalStateException("dynamic alignment: no forward pass has filled this state yet");
            }
            return this;
        }

        @Override
        public long bytes() {
            return shape.elements() * Double.BYTES;
        }

        @Override
        public void close() {
            if (x != null) {
                x = null;
                maker.memory().giveBack(shape.elements(), owner);
            }
        }
    }
}
