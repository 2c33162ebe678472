package org.codanet.nn.layer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A stack of layers: forward pass, back-projection and gradient through all of them. Activations are numbered as in {@link Passes}: 0
 * is the input, {@code layers().size()} the output.
 *
 * <p>The scope that a caller passes owns the activations of a forward pass. In a backward pass each gradient is freed as soon as the
 * layer below has read it.
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

    /** The layers in forward order. */
    public List<Layer> layers() {
        return layers;
    }

    /** The parameters of all layers, in forward order. */
    public List<Parameter> parameters() {
        return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
    }

    /** The statistics of all layers, in forward order. */
    public List<Parameter> statistics() {
        return layers.stream().flatMap(layer -> layer.statistics().stream()).toList();
    }

    /** Extents of the output. @throws IllegalArgumentException naming the first layer whose input does not fit */
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

    /** Derives from the weights what passes of this purpose need. Call it after every change of the weights. */
    public void prepare(Purpose purpose) {
        for (Layer layer : layers) {
            layer.prepare(purpose);
        }
    }

    /** Runs forward. {@code scope} owns the activations and, unless the purpose is inference, the forward states. */
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

    /** Runs forward and returns only the output, owned by {@code scope}. Each activation is freed as soon as the next one exists. */
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
     * Computes the gradient and adds it to the gradients of all parameters.
     *
     * @param passes of a forward pass for {@link Purpose#TRAINING}
     * @param dOut gradient with respect to the output
     * @param dIn gradient with respect to the input, overwritten; null if it is not needed, which saves work
     * @param scope for the gradients of the activations in between, which are freed before this returns
     */
    public void backward(Passes passes, Tensor dOut, Tensor dIn, Scope scope) {
        requireOwn(passes);
        backward(passes, dOut, dIn, null, Layer::backward, scope);
    }

    /**
     * {@link #backward} with respect to the input alone: leaves the gradients of all parameters as they are, and needs none.
     *
     * @param passes of a forward pass for {@link Purpose#TRAINING}
     * @param dOut gradient with respect to the output
     * @param dIn gradient with respect to the input, overwritten
     * @param scope for the gradients of the activations in between, which are freed before this returns
     */
    public void inputGradient(Passes passes, Tensor dOut, Tensor dIn, Scope scope) {
        requireOwn(passes);
        dIn.require(passes.input().shape(), "input gradient", "dIn");
        backward(passes, dOut, dIn, null, Layer::inputGradient, scope);
    }

    /** The gradient of one layer. */
    @FunctionalInterface
    private interface LayerGradient {
        void run(Layer layer, Pass pass, Tensor dOut, Tensor dIn);
    }

    /**
     * {@link #backward} of the loss plus the linear-map penalty {@code factor · mean |W|}. W is the linear map from the input to the
     * targets that the seeds select: {@code W = M₁ᵀ … M_Lᵀ seed}. The mean runs over all images, all seeds and all input values.
     * Source: Böhle et al., CVPR 2021, section 4.3.
     *
     * <p>The penalty is a sum of bilinear forms. Let H = ∂penalty/∂W and let η be H, mapped forward through the frozen maps to the input
     * of a layer. Let g be the seed, back-projected to the output of that layer. Then the penalty's gradient with respect to the layer's
     * map M is that of g · M η.
     *
     * @param seeds each (N, 1, Ho, Wo, Co), as {@code SumPool.seed} writes them: one for each target, at least one
     * @param factor λ; with gradient accumulation, times the micro-batch's share of the batch
     * @param sums one value for each seed, overwritten with Σ |W|; {@link #penalty} computes the penalty from them
     */
    public void regularisedBackward(
            Passes passes, Tensor dOut, List<Tensor> seeds, double factor, Tensor dIn, Tensor sums, Scope scope) {
        requireOwn(passes);
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("linear-map penalty: no seeds; there must be one for each target");
        }
        try (Scope penalty = scope.child("linear-map penalty")) {
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
            backward(passes, dOut, dIn, extra, Layer::backward, scope);
        }
    }

    /**
     * The value of the penalty whose gradient {@link #regularisedBackward} added.
     *
     * @param input extents of the network's input
     * @param factor as it was passed there
     * @param sums as they were written there
     */
    public static double penalty(Shape input, double factor, float[] sums) {
        double sum = 0;
        for (float absoluteSum : sums) {
            sum += absoluteSum;
        }
        return factor * sum / ((double) input.elements() * sums.length);
    }

    /** Adds the penalty's gradient for one seed to the parameters and {@code extra}; overwrites {@code sum} (1) with Σ |W|. */
    private void penalise(Passes passes, Tensor seed, double factor, Tensor sum, List<Tensor> extra, Scope scope) {
        List<Scope> own = new ArrayList<>();
        try (Scope maps = scope.child("maps")) {
            Tensor[] projected = new Tensor[layers.size() + 1];
            projected[layers.size()] = seed;
            for (int i = layers.size() - 1; i >= 0; i--) {
                own.addFirst(maps.child(layers.get(i).name()));
                projected[i] = device.allocate(
                        own.getFirst(), Targets.of(passes.activation(i).shape(), 1));
                layers.get(i).backProject(passes.pass(i), projected[i + 1], projected[i]);
            }
            Tensor map = projected[0].reshape(passes.input().shape());
            device.elementwise().absoluteSum(map, sum);
            // H overwrites W, which is not read again.
            device.elementwise().sign(map, (float) factor, map);
            mapForward(passes, map, projected, own, extra);
        }
    }

    /** Maps {@code start} forward through the frozen maps, and adds the gradient of g · M η at each layer. */
    private void mapForward(Passes passes, Tensor start, Tensor[] projected, List<Scope> own, List<Tensor> extra) {
        Tensor eta = start;
        for (int i = 0; i < layers.size(); i++) {
            Pass pass = passes.pass(i);
            Tensor g = projected[i + 1].reshape(pass.output().shape());
            layers.get(i).mapBackward(pass, eta, g, extra.get(i));
            if (i + 1 < layers.size()) {
                // g was read for the last time, so its tensor can hold the next η.
                layers.get(i).applyMap(pass, eta, g);
                eta = g;
                own.get(i).close();
            }
        }
    }

    /** {@code extra.get(i)}, unless null, is added to the gradient of activation i. */
    private void backward(
            Passes passes, Tensor dOut, Tensor dIn, List<Tensor> extra, LayerGradient gradient, Scope scope) {
        Tensor upper = dOut;
        Scope previous = null;
        try {
            for (int i = layers.size() - 1; i >= 0; i--) {
                Scope own = i == 0
                        ? null
                        : scope.child("gradient of " + layers.get(i).name());
                Scope done = previous;
                previous = own;
                try {
                    Tensor lower = i == 0
                            ? dIn
                            : device.allocate(own, passes.activation(i).shape());
                    gradient.run(layers.get(i), passes.pass(i), upper, lower);
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
     * Back-projects K targets of the output to the input, through the frozen maps of all layers.
     *
     * @param dOut (N, K, Ho, Wo, Co)
     * @return (N, K, H, W, C), owned by {@code scope}
     */
    public Tensor backProject(Passes passes, Tensor dOut, Scope scope) {
        return backProject(passes, layers.size(), dOut, 0, scope);
    }

    /**
     * Back-projects K targets of activation {@code from} to activation {@code to}. A target is a weighting of the activation's values;
     * with a single one and zeros elsewhere it is one unit.
     *
     * @param passes of a forward pass for {@link Purpose#EXPLANATION} or {@link Purpose#TRAINING}
     * @param from number of the activation that the targets weight
     * @param dOut the targets, (N, K, H, W, C) with the extents of activation {@code from}
     * @param to number of the activation to stop at, less than {@code from}
     * @return (N, K, H, W, C) of activation {@code to}, owned by {@code scope}
     * @throws IllegalArgumentException unless 0 ≤ to &lt; from ≤ number of layers
     */
    public Tensor backProject(Passes passes, int from, Tensor dOut, int to, Scope scope) {
        requireOwn(passes);
        if (to < 0 || to >= from || from > layers.size()) {
            throw new IllegalArgumentException("back-projection: from activation " + from + " to " + to
                    + "; they are numbered 0 to " + layers.size() + " and the second must be smaller");
        }
        return project(new Rule(ReluRule.GRADIENT, passes, null), from, dOut, to, null, scope);
    }

    /**
     * Back-projects K targets of the output to the input by a rule for ReLUs.
     *
     * @param passes of a forward pass for {@link Purpose#EXPLANATION}
     * @param baseline of a forward pass of the baseline for {@link Purpose#EXPLANATION}; null unless the rule is {@link
     *     ReluRule#RESCALE}
     * @param dOut (N, K, Ho, Wo, Co)
     * @param dIn (N, K, H, W, C), overwritten
     * @param scope for the targets in between, which are freed before this returns
     */
    public void backProject(Passes passes, ReluRule rule, Passes baseline, Tensor dOut, Tensor dIn, Scope scope) {
        requireOwn(passes);
        rule.requireBaseline(baseline != null);
        if (baseline != null) {
            requireOwn(baseline);
        }
        project(new Rule(rule, passes, baseline), layers.size(), dOut, 0, dIn, scope);
    }

    /** How a pass is back-projected. */
    private record Rule(ReluRule relu, Passes passes, Passes baseline) {
        void apply(Layer layer, int number, Tensor dOut, Tensor dIn) {
            if (relu == ReluRule.GRADIENT) {
                layer.backProject(passes.pass(number), dOut, dIn);
            } else {
                Pass start = baseline == null ? null : baseline.pass(number);
                layer.backProject(passes.pass(number), relu, start, dOut, dIn);
            }
        }
    }

    /** Writes to {@code dIn}, or to a new tensor in {@code scope} if that is null. */
    private Tensor project(Rule rule, int from, Tensor dOut, int to, Tensor dIn, Scope scope) {
        Passes passes = rule.passes();
        int targets = dOut.shape().rank() == 5 ? dOut.shape().extent(1) : 1;
        dOut.require(Targets.of(passes.activation(from).shape(), targets), "back-projection", "dOut");
        if (dIn != null) {
            dIn.require(Targets.of(passes.activation(to).shape(), targets), "back-projection", "dIn");
        }
        Tensor upper = dOut;
        Scope previous = null;
        try {
            for (int i = from - 1; i >= to; i--) {
                Scope own = i == to
                        ? scope
                        : scope.child("targets of " + layers.get(i).name());
                Scope done = previous;
                previous = own == scope ? null : own;
                try {
                    Tensor lower = i == to && dIn != null
                            ? dIn
                            : device.allocate(
                                    own, Targets.of(passes.activation(i).shape(), targets));
                    rule.apply(layers.get(i), i, upper, lower);
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

    /** Name of the first layer whose output has a NaN or an infinity; empty if all outputs are finite. Waits for the device. */
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

    private static void close(Scope scope) {
        if (scope != null) {
            scope.close();
        }
    }
}
