package org.codanet.nn.testing;

import java.util.Arrays;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** One dynamic alignment layer with data on one device, after a forward pass. Each method runs one more pass. */
public final class AlignmentRun {
    private final Workplace place;
    private final DynamicAlignment operation;
    private final Shape in;
    private final Shape out;
    private final Tensor x;
    private final Tensor y;
    private final DynamicAlignment.State state;

    /** Values of the input and of the weights, in the layout of a device. {@code bias} is null for a layer without a bias. */
    public record Data(DynamicAlignmentShape shape, Shape in, float[] x, float[] a, float[] b, float[] bias) {
        /** Random values: weights as PyTorch initialises them, x between -1 and 1. */
        public static Data random(DynamicAlignmentShape shape, Shape in, long seed) {
            double rankBound = 1 / Math.sqrt(shape.rank());
            return new Data(
                    shape,
                    in,
                    Values.uniform(seed, in),
                    Values.uniform(seed + 1, shape.aShape(), 1 / Math.sqrt(shape.patch())),
                    Values.uniform(seed + 2, shape.bShape(), rankBound),
                    shape.bias() ? Values.uniform(seed + 3, shape.biasShape(), rankBound) : null);
        }

        public Shape out() {
            return shape.output(in);
        }
    }

    /** Gradients of x and of the weights. {@code bias} and {@code x} may be null. */
    public record Gradients(float[] x, float[] a, float[] b, float[] bias) {
        /** Fails if a gradient differs by more than the tolerance. */
        public void assertClose(Gradients actual, double tolerance) {
            if (x != null) {
                Close.to("dIn", x, actual.x, tolerance);
            }
            Close.to("dA", a, actual.a, tolerance);
            Close.to("dB", b, actual.b, tolerance);
            if (bias != null) {
                Close.to("db", bias, actual.bias, tolerance);
            }
        }
    }

    /** Prepares the layer and runs the forward pass. There is no forward state if the purpose is inference. */
    public AlignmentRun(Workplace place, Data data, Purpose purpose) {
        this.place = place;
        this.in = data.in();
        this.out = data.out();
        this.operation = place.device().dynamicAlignment(place.scope(), data.shape());
        DynamicAlignmentShape shape = data.shape();
        operation.prepare(
                new DynamicAlignment.Weights(
                        place.input(shape.aShape(), data.a()),
                        place.input(shape.bShape(), data.b()),
                        shape.bias() ? place.input(shape.biasShape(), data.bias()) : null),
                purpose);
        this.x = place.input(in, data.x());
        this.y = place.output(out);
        this.state = purpose == Purpose.INFERENCE ? null : operation.state(place.scope(), in, purpose);
        operation.forward(x, y, state);
    }

    public DynamicAlignment operation() {
        return operation;
    }

    public DynamicAlignment.State state() {
        return state;
    }

    public Tensor x() {
        return x;
    }

    public float[] y() {
        return place.read(y);
    }

    /** Back-projects {@code dOut} (N, K, Ho, Wo, D) to (N, K, H, W, C). */
    public float[] backProject(int targets, float[] dOut) {
        Tensor dIn = place.output(withTargets(in, targets));
        operation.backProject(state, place.input(withTargets(out, targets), dOut), dIn);
        return place.read(dIn);
    }

    public float[] applyMap(float[] v) {
        Tensor result = place.output(out);
        operation.applyMap(state, place.input(in, v), result);
        return place.read(result);
    }

    /**
     * The squared length of the frozen weight f_j w_j of every unit at the middle position of every image, (N, D). They are computed by
     * a back-projection with one target for each unit, which writes the frozen weight to the patch of that position.
     */
    public double[] squaredFrozenWeights() {
        int units = out.extent(3);
        float[] one = new float[Math.toIntExact(withTargets(out, units).elements())];
        int perTarget = out.extent(1) * out.extent(2) * units;
        for (int i = 0; i < out.extent(0) * units; i++) {
            one[i * perTarget + middle() * units + i % units] = 1;
        }
        float[] weights = backProject(units, one);
        double[] squares = new double[out.extent(0) * units];
        int entries = weights.length / squares.length;
        for (int i = 0; i < weights.length; i++) {
            squares[i / entries] += (double) weights[i] * weights[i];
        }
        return squares;
    }

    /** Index of the middle position within an image. */
    public int middle() {
        return out.extent(1) / 2 * out.extent(2) + out.extent(2) / 2;
    }

    /** The gradients of the weights are added to tensors filled with {@code start}. The gradient of x overwrites its tensor. */
    public Gradients backward(float[] dOut, float start) {
        return backward(dOut, start, true);
    }

    public Gradients backward(float[] dOut, float start, boolean withInput) {
        Tensor dIn = withInput ? place.output(in) : null;
        DynamicAlignment.Weights gradients = gradients(start);
        operation.backward(state, x, place.input(out, dOut), dIn, gradients);
        return read(dIn, gradients);
    }

    /** The gradient with respect to x, without those of the weights. */
    public float[] inputGradient(float[] dOut) {
        Tensor dIn = place.output(in);
        operation.backward(state, x, place.input(out, dOut), dIn, null);
        return place.read(dIn);
    }

    /** All gradients are added to tensors filled with {@code start}. */
    public Gradients mapBackward(float[] v, float[] g, float start, boolean withInput) {
        Tensor dIn = withInput ? filled(in, start) : null;
        DynamicAlignment.Weights gradients = gradients(start);
        operation.mapBackward(state, x, place.input(in, v), place.input(out, g), dIn, gradients);
        return read(dIn, gradients);
    }

    private Gradients read(Tensor dIn, DynamicAlignment.Weights gradients) {
        return new Gradients(
                dIn == null ? null : place.read(dIn),
                place.read(gradients.a()),
                place.read(gradients.b()),
                gradients.bias() == null ? null : place.read(gradients.bias()));
    }

    /** Tensors with the shapes of the weights, filled with {@code start}. */
    public DynamicAlignment.Weights gradients(float start) {
        DynamicAlignmentShape shape = operation.shape();
        return new DynamicAlignment.Weights(
                filled(shape.aShape(), start),
                filled(shape.bShape(), start),
                shape.bias() ? filled(shape.biasShape(), start) : null);
    }

    private Tensor filled(Shape shape, float value) {
        float[] values = new float[Math.toIntExact(shape.elements())];
        Arrays.fill(values, value);
        return place.variable(shape, values);
    }

    /** The shape (N, K, H, W, C) for an activation (N, H, W, C). */
    public static Shape withTargets(Shape activation, int targets) {
        return Shape.of(
                activation.extent(0), targets, activation.extent(1), activation.extent(2), activation.extent(3));
    }
}
