package org.codanet.nn.layer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Layers one after the other, with the ways back through all of them. Activations are numbered as in {@link Passes}: 0 is
 * the input, {@code layers().size()} the output.
 *
 * <p>What a forward pass makes belongs to the scope it is given; gradients in between are freed as soon as the layer below
 * has read them.
 */
public final class Sequential {
    private final Device device;
    private final List<Layer> layers;

    /** @throws IllegalArgumentException if there is no layer */
    public Sequential(Device device, List<Layer> layers) {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("sequential: a network has at least one layer, got none");
        }
        this.device = device;
        this.layers = List.copyOf(layers);
    }

    /** In forward order. */
    public List<Layer> layers() {
        return layers;
    }

    /** Of all layers, in their order. */
    public List<Parameter> parameters() {
        return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
    }

    /** Extents of the output. @throws IllegalArgumentException naming the layer that an input of that shape does not fit */
    public Shape outputShape(Shape input) {
        Shape shape = input;
        for (Layer layer : layers) {
            shape = outputShape(layer, shape);
        }
        return shape;
    }

    private static Shape outputShape(Layer layer, Shape input) {
        try {
            return layer.outputShape(input);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("layer " + layer.name() + ": " + e.getMessage(), e);
        }
    }

    /** Derives from the weights what passes need; call it after every change of the weights. */
    public void prepare(Purpose purpose) {
        for (Layer layer : layers) {
            layer.prepare(purpose);
        }
    }

    /** Runs forward; activations, and for another purpose than inference what the ways back need, live in {@code scope}. */
    public Passes forward(Tensor x, Purpose purpose, Scope scope) {
        List<Pass> passes = new ArrayList<>();
        Tensor activation = x;
        for (Layer layer : layers) {
            outputShape(layer, activation.shape());
            Pass pass = layer.forward(activation, purpose, scope);
            passes.add(pass);
            activation = pass.output();
        }
        return new Passes(passes);
    }

    /** Runs forward for the output alone, which lives in {@code scope}; each activation is freed once the next is there. */
    public Tensor infer(Tensor x, Scope scope) {
        Tensor activation = x;
        Scope previous = null;
        try {
            for (int i = 0; i < layers.size(); i++) {
                Layer layer = layers.get(i);
                outputShape(layer, activation.shape());
                Scope own = i == layers.size() - 1 ? scope : scope.child(layer.name());
                Scope done = previous;
                previous = own == scope ? null : own;
                try {
                    activation =
                            layer.forward(activation, Purpose.INFERENCE, own).output();
                } finally {
                    close(done);
                }
            }
            return activation;
        } finally {
            close(previous);
        }
    }

    /**
     * The gradient: adds to the gradients of all parameters.
     *
     * @param passes of a forward for {@link Purpose#TRAINING}
     * @param dOut gradient with respect to the output
     * @param dIn gradient with respect to the input, overwritten; null if it is not needed, which spares its work
     * @param step for gradients in between; nothing of this call is left in it
     */
    public void backward(Passes passes, Tensor dOut, Tensor dIn, Scope step) {
        requireOwn(passes);
        walkBack(passes, dOut, dIn, null, step);
    }

    /**
     * {@link #backward} of the loss and of the linear-map penalty {@code factor · mean |W|}, where W holds, for the given
     * seeds, the linear map from the input to what the seeds select: {@code W = M₁ᵀ … M_Lᵀ seed}. The mean runs over
     * everything in W: all images, all seeds, all input values. Source: Böhle et al., CVPR 2021, section 4.3.
     *
     * <p>With H = ∂penalty/∂W, going forward through the frozen maps from H gives, at each layer, the input η of the
     * bilinear form g · M η that the penalty's gradient is made of; g is what back-projection brought to that layer.
     *
     * @param seeds each (N, 1, Ho, Wo, Co), as {@code SumPool.seed} writes them: one for each target, at least one
     * @param factor λ, times the share of a micro-batch in its virtual batch
     * @param sums one number for each seed, overwritten with its Σ |W|; {@link #penalty} makes the value of them
     */
    public void regularisedBackward(
            Passes passes, Tensor dOut, List<Tensor> seeds, double factor, Tensor dIn, Tensor sums, Scope step) {
        requireOwn(passes);
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("linear-map penalty: no seeds; there must be one for each target");
        }
        try (Scope penalty = step.child("linear-map penalty")) {
            List<Tensor> extra = new ArrayList<>();
            for (int i = 0; i < layers.size(); i++) {
                Shape shape = passes.activation(i).shape();
                extra.add(i == 0 && dIn == null ? null : zeros(penalty, shape));
            }
            double count = (double) passes.input().shape().elements() * seeds.size();
            sums.require(Shape.of(seeds.size()), "linear-map penalty", "sums");
            for (int i = 0; i < seeds.size(); i++) {
                penalise(passes, seeds.get(i), factor / count, sums.slice(i, 1), extra, penalty);
            }
            walkBack(passes, dOut, dIn, extra, step);
        }
    }

    /**
     * The penalty whose gradient {@link #regularisedBackward} has added.
     *
     * @param input extents of the input
     * @param factor that it was given
     * @param sums what it wrote
     */
    public static double penalty(Shape input, double factor, float[] sums) {
        double sum = 0;
        for (float each : sums) {
            sum += each;
        }
        return factor * sum / ((double) input.elements() * sums.length);
    }

    /** Adds the penalty's gradient for one seed to parameters and {@code extra}; {@code sum} (1) receives Σ |W|. */
    private void penalise(Passes passes, Tensor seed, double factor, Tensor sum, List<Tensor> extra, Scope scope) {
        List<Scope> own = new ArrayList<>();
        try (Scope maps = scope.child("maps")) {
            Tensor[] functionals = new Tensor[layers.size() + 1];
            functionals[layers.size()] = seed;
            for (int i = layers.size() - 1; i >= 0; i--) {
                own.addFirst(maps.child(layers.get(i).name()));
                functionals[i] =
                        device.allocate(own.getFirst(), one(passes.activation(i).shape()));
                layers.get(i).backProject(passes.pass(i), functionals[i + 1], functionals[i]);
            }
            Tensor map = functionals[0].reshape(passes.input().shape());
            device.elementwise().absoluteSum(map, sum);
            // H takes the place of W itself: nobody reads W again.
            device.elementwise().sign(map, (float) factor, map);
            pushForward(passes, map, functionals, own, extra, maps);
        }
    }

    private void pushForward(
            Passes passes, Tensor start, Tensor[] functionals, List<Scope> own, List<Tensor> extra, Scope scope) {
        Tensor eta = start;
        for (int i = 0; i < layers.size(); i++) {
            Pass pass = passes.pass(i);
            Tensor g = functionals[i + 1].reshape(pass.output().shape());
            layers.get(i).mapBackward(pass, eta, g, extra.get(i));
            if (i + 1 < layers.size()) {
                // The functional at this activation has been read for the last time: its room serves the next η.
                layers.get(i).applyMap(pass, eta, g);
                eta = g;
                own.get(i).close();
            }
        }
    }

    /** From the top down; {@code extra.get(i)}, unless null, is one more gradient of activation i. */
    private void walkBack(Passes passes, Tensor dOut, Tensor dIn, List<Tensor> extra, Scope step) {
        Tensor upper = dOut;
        Scope previous = null;
        try {
            for (int i = layers.size() - 1; i >= 0; i--) {
                Scope own = i == 0
                        ? null
                        : step.child("gradient of " + layers.get(i).name());
                Scope done = previous;
                previous = own;
                try {
                    Tensor lower = i == 0
                            ? dIn
                            : device.allocate(own, passes.activation(i).shape());
                    layers.get(i).backward(passes.pass(i), upper, lower);
                    if (extra != null && lower != null) {
                        device.elementwise().add(extra.get(i), 1, lower);
                    }
                    upper = lower;
                } finally {
                    close(done);
                }
            }
        } finally {
            close(previous);
        }
    }

    /**
     * Pulls K functionals of the output back to the input through the frozen maps of all layers.
     *
     * @param dOut (N, K, Ho, Wo, Co)
     * @return (N, K, H, W, C), owned by {@code scope}
     */
    public Tensor backProject(Passes passes, Tensor dOut, Scope scope) {
        return backProject(passes, layers.size(), dOut, 0, scope);
    }

    /**
     * Pulls K functionals of activation {@code from} back to activation {@code to}; a one in {@code dOut} and zeros
     * elsewhere explain a single unit.
     *
     * @param passes of a forward for {@link Purpose#EXPLANATION} or {@link Purpose#TRAINING}
     * @param from number of the activation that {@code dOut} (N, K, its H, W, C) is about
     * @param to number of the activation wanted, below {@code from}
     * @return (N, K, H, W, C) of activation {@code to}, owned by {@code scope}
     * @throws IllegalArgumentException unless 0 ≤ to &lt; from ≤ number of layers
     */
    public Tensor backProject(Passes passes, int from, Tensor dOut, int to, Scope scope) {
        requireOwn(passes);
        if (to < 0 || to >= from || from > layers.size()) {
            throw new IllegalArgumentException("back-projection: from activation " + from + " to " + to
                    + "; they are numbered 0 to " + layers.size() + " and the way goes down");
        }
        dOut.require(many(passes.activation(from).shape(), functionals(dOut)), "back-projection", "dOut");
        int classes = functionals(dOut);
        Tensor upper = dOut;
        Scope previous = null;
        try {
            for (int i = from - 1; i >= to; i--) {
                Scope own = i == to
                        ? scope
                        : scope.child("functionals of " + layers.get(i).name());
                Scope done = previous;
                previous = own == scope ? null : own;
                try {
                    Tensor lower =
                            device.allocate(own, many(passes.activation(i).shape(), classes));
                    layers.get(i).backProject(passes.pass(i), upper, lower);
                    upper = lower;
                } finally {
                    close(done);
                }
            }
            return upper;
        } finally {
            close(previous);
        }
    }

    /**
     * The smallest m ≥ 1 such that {@link #backProject} of m, m + 1, … or {@code targets} targets runs the same algorithm in every
     * layer. Groups of at least m of the targets therefore give the same bits as all targets at once; a smaller group may round
     * differently.
     *
     * @param targets at least 1
     */
    public int minUniformTargets(int targets) {
        return layers.stream()
                .mapToInt(layer -> layer.minUniformTargets(targets))
                .max()
                .orElseThrow();
    }

    /** Name of the first layer whose output holds a NaN or an infinity; empty if all is finite. Waits for the device. */
    public Optional<String> firstNonFinite(Passes passes) {
        requireOwn(passes);
        for (int i = 0; i < layers.size(); i++) {
            if (!device.elementwise().allFinite(passes.pass(i).output())) {
                return Optional.of(layers.get(i).name());
            }
        }
        return Optional.empty();
    }

    private void requireOwn(Passes passes) {
        if (passes.size() != layers.size()) {
            throw new IllegalArgumentException("sequential: the passes are of a network of " + passes.size()
                    + " layers, this one has " + layers.size());
        }
    }

    private Tensor zeros(Scope scope, Shape shape) {
        Tensor tensor = device.allocate(scope, shape);
        device.elementwise().fill(tensor, 0);
        return tensor;
    }

    private static int functionals(Tensor dOut) {
        return dOut.shape().rank() == 5 ? dOut.shape().extent(1) : 1;
    }

    private static Shape one(Shape activation) {
        return many(activation, 1);
    }

    private static Shape many(Shape activation, int functionals) {
        return Shape.of(
                activation.extent(0), functionals, activation.extent(1), activation.extent(2), activation.extent(3));
    }

    private static void close(Scope scope) {
        if (scope != null) {
            scope.close();
        }
    }
}
