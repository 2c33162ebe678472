package org.codanet.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.codanet.data.batch.RawImages;
import org.codanet.file.NamedTensors;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.ReplayedWork;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A network on one device: layers, then the sum over positions, divided by a temperature, plus a constant.
 *
 * <pre>
 *   images (N, C, H, W) → input (N, H, W, C') → layers → z (N, H', W', K) → logit_k = Σ z_k / T + bias
 * </pre>
 *
 * <p>{@link CodaNet} is the paper's network, whose logits are sums of contributions. {@link ResNet} is an ordinary network for comparison.
 * Both are trained, evaluated and explained by the same passes of {@code org.codanet.run}.
 *
 * <p>The weights belong to the network until {@link #close}. Not thread-safe, as the device is not.
 */
public abstract sealed class Network implements AutoCloseable permits CodaNet, ResNet {
    private final NetworkConfig config;
    private final LossKind loss;
    private final Optional<Preprocessing> preprocessing;
    private final Device device;
    private final Scope scope;
    private final Sequential network;
    private final SumPool sumPool;
    private final ImageInput imageInput;
    private final ImageAugmentation imageAugmentation;
    private final Map<Purpose, ReplayedWork> preparations = new EnumMap<>(Purpose.class);
    private final Map<Class<?>, Object> companions = new HashMap<>();
    private Purpose prepared;
    private boolean trained;

    /** Creates the layers of a network. */
    @FunctionalInterface
    interface Layers {
        List<Layer> create(Device device, Scope scope);
    }

    /** @param parent owner of the weights, until {@link #close} */
    Network(
            NetworkConfig config,
            LossKind loss,
            Optional<Preprocessing> preprocessing,
            Device device,
            Scope parent,
            Layers layers) {
        this.config = config;
        this.loss = loss;
        this.preprocessing = preprocessing;
        this.device = device;
        this.scope = parent.child("model");
        try {
            this.network = new Sequential(device, layers.create(device, scope));
            this.sumPool = device.sumPool(scope);
            this.imageInput = device.imageInput(scope);
            this.imageAugmentation = device.imageAugmentation(scope);
            for (Purpose purpose : Purpose.values()) {
                preparations.put(purpose, new ReplayedWork(device, scope, () -> network.prepare(purpose)));
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** The weights and statistics under the keys of the network's files: copies on the heap. */
    public NamedTensors weights() {
        return NetWeights.download(this);
    }

    /** Replaces all weights. @throws IllegalArgumentException as {@link #of} does */
    public void setWeights(NamedTensors weights) {
        NetWeights.upload(this, weights);
        weightsChanged();
    }

    /** The architecture of the network. */
    public NetworkConfig config() {
        return config;
    }

    /** The loss with which the network is or was trained. It decides how logits become probabilities. */
    public LossKind loss() {
        return loss;
    }

    /**
     * Refuses images that the network cannot read, and images of other extents than the model file's {@link Preprocessing}:
     * the logits of such images would be meaningless, because each logit is a sum over all positions.
     *
     * @param images (N, C, H, W), without inverse channels
     * @throws IllegalArgumentException if the channels or the extents differ
     */
    void requireImages(Shape images) {
        if (images.extent(1) != config.imageChannels()) {
            throw new IllegalArgumentException(
                    "network: images are " + images + ", expected (N, " + config.imageChannels() + ", H, W)");
        }
        if (preprocessing.isPresent()
                && (images.extent(2) != preprocessing.get().height()
                        || images.extent(3) != preprocessing.get().width())) {
            throw new IllegalArgumentException("network: images are " + images + ", but the model was trained on (N, "
                    + config.imageChannels() + ", " + preprocessing.get().height() + ", "
                    + preprocessing.get().width() + "); ImagePipeline resizes and crops pictures");
        }
    }

    /** The device that holds the weights. */
    public Device device() {
        return device;
    }

    /** The layers, first to last. */
    public List<Layer> layers() {
        return network.layers();
    }

    /** The parameters of all layers, in the order of the layers. */
    public List<Parameter> parameters() {
        return network.parameters();
    }

    /** What training estimates and stores with the weights, in the order of the layers. */
    public List<Parameter> statistics() {
        return network.statistics();
    }

    /** Allocates gradients and Adam's moments, all zero. They live as long as the network. */
    public void forTraining() {
        parameters().forEach(parameter -> parameter.forTraining(device, scope));
        trained = true;
    }

    /** Whether {@link #forTraining} was called. */
    public boolean isForTraining() {
        return trained;
    }

    /** Computes the tensors that passes of this purpose derive from the weights. Does nothing if they are up to date. */
    public void prepare(Purpose purpose) {
        if (prepared != purpose) {
            prepared = null;
            preparations.get(purpose).run();
            prepared = purpose;
        }
    }

    /**
     * The object of class {@code type} that belongs to this network, such as the cache of its captured passes. The first call creates it.
     *
     * @param create creates the object; the scope that it gets is closed with the network
     */
    public <T> T companion(Class<T> type, Function<Scope, T> create) {
        Object companion = companions.get(type);
        if (companion == null) {
            companion = create.apply(scope);
            companions.put(type, companion);
        }
        return type.cast(companion);
    }

    /**
     * A network of the same architecture on another device, with undefined weights. It is used to count the memory of passes there.
     *
     * @param parent owner of the weights, until {@link #close}
     */
    public abstract Network withoutWeights(Device other, Scope parent);

    /** How images are prepared, if the model file says so. */
    Optional<Preprocessing> preprocessing() {
        return preprocessing;
    }

    /** Must be called after every change of the weights, so that the next pass prepares them again. */
    public void weightsChanged() {
        prepared = null;
    }

    /** Extents of the network's input for a batch of images of that size. */
    public Shape inputShape(int batch, int height, int width) {
        return Shape.of(batch, height, width, config.inChannels());
    }

    /**
     * The network's input (N, H, W, C) from images (N, C, H, W) in [0, 1], with inverse channels if the config says so.
     *
     * @throws IllegalArgumentException if the images have other channels or extents than the network reads
     */
    public Tensor input(float[] images, Shape shape, Scope owner) {
        try (Scope raw = owner.child("images")) {
            RawImages values = new RawImages.Floats(images, shape);
            NetInput uploaded = new NetInput(this, values.form(), raw);
            uploaded.upload(values);
            return uploaded.write(owner);
        }
    }

    /** The operation that writes the network's input. */
    ImageInput imageInput() {
        return imageInput;
    }

    /** The operation that augments training images. */
    ImageAugmentation imageAugmentation() {
        return imageAugmentation;
    }

    /** Extents of an activation: number 0 is the network's input, number i the output of layer i − 1. */
    public Shape activationShape(Shape input, int number) {
        Shape shape = input;
        for (Layer layer : network.layers().subList(0, number)) {
            shape = layer.outputShape(shape);
        }
        return shape;
    }

    /**
     * Runs the forward pass. For inference each layer's output is freed as soon as the next layer has read it.
     *
     * @param input (N, H, W, C), inverse channels included; must stay open as long as the pass is used
     * @param owner owner of the logits, the activations and the forward states
     */
    public NetPass forward(Tensor input, Purpose purpose, Scope owner) {
        prepare(purpose);
        Tensor logits = device.allocate(owner, Shape.of(input.shape().extent(0), config.numClasses()));
        if (purpose == Purpose.INFERENCE) {
            try (Scope inner = owner.child("activations")) {
                sumPool.forward(network.infer(input, inner), config.temperature(), config.logitBias(), logits);
            }
            return new NetPass(input, null, logits);
        }
        Passes passes = network.forward(input, purpose, owner);
        sumPool.forward(passes.output(), config.temperature(), config.logitBias(), logits);
        return new NetPass(input, passes, logits);
    }

    /** Writes the logits without their bias, (N, K). More exact than subtracting the bias from the logits. */
    public void evidence(NetPass pass, Tensor evidence) {
        sumPool.forward(pass.layers().output(), config.temperature(), 0, evidence);
    }

    /**
     * Adds the gradient of a loss to the parameters' gradients.
     *
     * @param pass run for training
     * @param dLogits (N, K)
     * @param dInput (N, H, W, C), overwritten with the gradient of the network's input; null if it is not needed
     * @param owner of temporary tensors, which are freed before this returns
     */
    public void backward(NetPass pass, Tensor dLogits, Tensor dInput, Scope owner) {
        try (Scope own = owner.child("backward")) {
            network.backward(pass.layers(), gradientAtTop(pass, dLogits, own), dInput, own);
        }
    }

    /**
     * Computes the gradient with respect to the network's input alone. Needs no {@link #forTraining}, and leaves the parameters'
     * gradients as they are.
     *
     * @param pass of a forward pass for {@link Purpose#TRAINING}
     * @param dLogits gradient with respect to the logits, (N, K)
     * @param dInput gradient with respect to the network's input, (N, H, W, C), overwritten
     * @param owner of the intermediate gradients, which are freed before this returns
     */
    public void inputGradient(NetPass pass, Tensor dLogits, Tensor dInput, Scope owner) {
        try (Scope own = owner.child("input gradient")) {
            network.inputGradient(pass.layers(), gradientAtTop(pass, dLogits, own), dInput, own);
        }
    }

    /**
     * {@link #backward} of the loss plus the linear-map regulariser {@code factor · mean |W_k,m|}. The mean runs over the images, over
     * some classes k of each image, and over the entries m of the network's input. Source: paper, section 4.3.
     *
     * @param classes (N, T), for each image the classes whose linear maps are penalised
     * @param factor λ times the share of these images in their virtual batch
     * @param sums (T), overwritten; {@link Sequential#penalty} computes the regulariser's value from them
     */
    public void regularisedBackward(
            NetPass pass, Tensor dLogits, Tensor classes, double factor, Tensor sums, Scope owner) {
        try (Scope own = owner.child("backward")) {
            List<Tensor> seeds = new ArrayList<>();
            for (int t = 0; t < classes.shape().extent(1); t++) {
                seeds.add(seeds(pass, classes, t, 1, own));
            }
            network.regularisedBackward(
                    pass.layers(), gradientAtTop(pass, dLogits, own), seeds, factor, null, sums, own);
        }
    }

    private Tensor gradientAtTop(NetPass pass, Tensor dLogits, Scope owner) {
        Tensor gradient = device.allocate(owner, pass.layers().output().shape());
        sumPool.backward(dLogits, config.temperature(), gradient);
        return gradient;
    }

    private Tensor seeds(NetPass pass, Tensor classes, int first, int count, Scope owner) {
        Shape z = pass.layers().output().shape();
        Tensor seeds = device.allocate(owner, Shape.of(z.extent(0), count, z.extent(1), z.extent(2), z.extent(3)));
        sumPool.seed(classes, first, config.temperature(), seeds);
        return seeds;
    }

    /**
     * The smallest m ≥ 1 such that groups of m or more of {@code targets} targets are back-projected with the same bits as all of them at
     * once. Smaller groups may round differently on this device.
     */
    public int minUniformTargets(int targets) {
        return network.minUniformTargets(targets);
    }

    /** Writes the classes of the S highest logits, (N, S), in descending order. Of equal logits the lower class comes first. */
    public void highest(NetPass pass, Tensor classes) {
        sumPool.highest(pass.logits(), classes);
    }

    /**
     * The linear maps from the input of a layer to the logits of some classes.
     *
     * @param classes (N, at least first + T), the classes of each image; for a number that is not a class the map is 0
     * @param first column of the first class
     * @param count T
     * @param layer the layer at whose input back-projection stops; 0 for the network's input
     * @param owner of the result
     * @return (N, T, H, W, C) for an input (N, H, W, C) of that layer
     */
    public Tensor backProject(NetPass pass, Tensor classes, int first, int count, int layer, Scope owner) {
        try (Scope own = owner.child("seeds")) {
            Tensor seeds = seeds(pass, classes, first, count, own);
            return network.backProject(pass.layers(), network.layers().size(), seeds, layer, owner);
        }
    }

    /**
     * The linear maps from the input of a layer to weighted sums of the output of the same or a later layer.
     *
     * @param targets (N, T, Ho, Wo, Co), the weights of T sums over the output of layer {@code from}
     * @param layer the layer at whose input back-projection stops, at most {@code from}
     * @return (N, T, H, W, C), owned by {@code owner}
     */
    public Tensor backProject(NetPass pass, Tensor targets, int from, int layer, Scope owner) {
        return network.backProject(pass.layers(), from + 1, targets, layer, owner);
    }

    /**
     * The gradients of the logits of some classes with respect to the input, by a rule for ReLUs. They are those of the network as it
     * predicts: running statistics are constants. In a CoDA-Net, these are the linear maps of {@link #backProject}.
     *
     * @param pass of a forward pass for {@link Purpose#EXPLANATION}
     * @param baseline of a forward pass of the baseline for {@link Purpose#EXPLANATION}; null unless the rule is {@link
     *     ReluRule#RESCALE}
     * @param classes (N, T), the classes of each image
     * @param dInput (N, T, H, W, C), overwritten
     * @param owner of temporary tensors, which are freed before this returns
     */
    public void backProject(NetPass pass, ReluRule rule, NetPass baseline, Tensor classes, Tensor dInput, Scope owner) {
        try (Scope own = owner.child("back-projection")) {
            Tensor seeds = seeds(pass, classes, 0, classes.shape().extent(1), own);
            network.backProject(pass.layers(), rule, baseline == null ? null : baseline.layers(), seeds, dInput, own);
        }
    }

    /** Name of the first layer whose output has a NaN or an infinity; empty if all outputs are finite. Waits for the device. */
    public Optional<String> firstNotFinite(NetPass pass) {
        return network.firstNonFinite(pass.layers());
    }

    /** Frees weights, gradients, operations and captured passes. A second call does nothing. */
    @Override
    public void close() {
        scope.close();
    }
}
