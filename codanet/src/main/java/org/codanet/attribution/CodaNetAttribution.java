package org.codanet.attribution;

import java.nio.FloatBuffer;
import java.util.List;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Probabilities;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.run.BufferLayout;
import org.codanet.run.HostBuffers;
import org.codanet.run.LogitsPass;
import org.codanet.run.MemoryPlan;
import org.codanet.run.MicroBatches;
import org.codanet.run.PassCache;
import org.codanet.run.PassDefinition;

/** Makes a CoDA-Net available to attribution methods. */
public final class CodaNetAttribution implements AttributedNetwork {
    private static final int BATCH = 32;

    private final CodaNet net;
    private final long memoryBudget;
    private final Evaluator evaluator;
    private final Explainer explainer;
    private final MicroBatches microBatches;

    /**
     * A view of a network.
     *
     * @param net the network; its owner closes it after the last call
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; 0 for no limit
     */
    public CodaNetAttribution(CodaNet net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.evaluator = new Evaluator(net, memoryBudget);
        this.explainer = new Explainer(net, memoryBudget);
        this.microBatches = new MicroBatches(net.device(), "attribution");
    }

    @Override
    public int classes() {
        return net.config().numClasses();
    }

    @Override
    public int imageChannels() {
        return net.config().addInverse() ? inputChannels() / 2 : inputChannels();
    }

    @Override
    public int inputChannels() {
        return net.config().inChannels();
    }

    @Override
    public boolean hasRectifiers() {
        return false;
    }

    @Override
    public float[] logits(RawImages.Floats images) {
        return evaluator.logits(images);
    }

    @Override
    public float[] input(RawImages.Floats images) {
        if (!net.config().addInverse()) {
            return images.values().clone();
        }
        int size = Math.toIntExact(images.shape().elements() / images.count());
        float[] values = new float[2 * images.values().length];
        for (int n = 0; n < images.count(); n++) {
            for (int i = 0; i < size; i++) {
                float value = images.values()[n * size + i];
                values[2 * n * size + i] = value;
                values[(2 * n + 1) * size + i] = 1 - value;
            }
        }
        return values;
    }

    @Override
    public float[] logitsOfInput(RawImages.Floats inputs) {
        Shape shape = inputs.shape();
        int height = shape.extent(2);
        int width = shape.extent(3);
        float[] logits = new float[inputs.count() * classes()];
        RawImages.Form form = new RawImages.Form(Shape.of(1, imageChannels(), height, width), null, false, 0);
        synchronized (net.device()) {
            int atOnce = MemoryPlan.largestBatch(net, new LogitsPass(form), memoryBudget, inputs.count());
            for (int first = 0; first < inputs.count(); first += atOnce) {
                int count = Math.min(atOnce, inputs.count() - first);
                try (Scope scope = Scope.open("logits of inputs")) {
                    Tensor input = net.device().allocate(scope, net.inputShape(count, height, width));
                    net.device().upload(channelsLast((RawImages.Floats) inputs.part(first, count)), input);
                    Tensor result = net.forward(input, Purpose.INFERENCE, scope).logits();
                    float[] values = new float[count * classes()];
                    net.device().download(result, values);
                    System.arraycopy(values, 0, logits, first * classes(), values.length);
                }
            }
        }
        return logits;
    }

    private static float[] channelsLast(RawImages.Floats inputs) {
        int channels = inputs.shape().extent(1);
        int area = inputs.shape().extent(2) * inputs.shape().extent(3);
        float[] values = new float[inputs.values().length];
        for (int n = 0; n < inputs.count(); n++) {
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < area; i++) {
                    values[(n * area + i) * channels + c] = inputs.values()[(n * channels + c) * area + i];
                }
            }
        }
        return values;
    }

    @Override
    public float[] probabilities(float[] logits) {
        return Probabilities.of(net.loss(), logits, classes());
    }

    @Override
    public float[] contributions(RawImages.Floats images, List<List<Integer>> targets) {
        Shape shape = images.shape();
        ImageBatch batch =
                ImageBatch.of(images.values(), shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
        Explanation explanation = explainer.explain(batch, new Target.ClassesPerImage(targets), Detail.CHANNELS);
        FloatBuffer contributions = explanation.channelContributions();
        float[] values = new float[contributions.remaining()];
        contributions.get(values);
        return values;
    }

    @Override
    public float[] gradients(RawImages.Floats images, List<List<Integer>> targets) {
        Shape shape = images.shape();
        int width = targets.getFirst().size();
        int size = shape.extent(1) * shape.extent(2) * shape.extent(3);
        float[] values = new float[shape.extent(0) * width * size];
        GradientPass pass = new GradientPass(images.form(), width);
        run(
                pass,
                images,
                (first, part) -> {
                    int count = part.count();
                    HostBuffers inputs = new HostBuffers(pass.withImages(count).inputs(net));
                    for (int t = 0; t < width; t++) {
                        float[] selected = new float[count * classes()];
                        for (int n = 0; n < count; n++) {
                            selected[n * classes() + targets.get(first + n).get(t)] = 1;
                        }
                        inputs.set(GradientPass.selection(t), selected);
                    }
                    return inputs;
                },
                (first, results) -> {
                    for (int t = 0; t < width; t++) {
                        float[] gradient = results.get(GradientPass.gradient(t));
                        int count = gradient.length / (size / imageChannels() * inputChannels());
                        for (int n = 0; n < count; n++) {
                            channelsFirst(gradient, n, shape, values, ((first + n) * width + t) * size);
                        }
                    }
                });
        return values;
    }

    /** Converts image n of a gradient (N, H, W, C') to (C, H, W). The inverse 1 − v of a channel adds its negative gradient. */
    private void channelsFirst(float[] gradient, int n, Shape shape, float[] values, int start) {
        int area = shape.extent(2) * shape.extent(3);
        int channels = imageChannels();
        int stored = inputChannels();
        for (int i = 0; i < area; i++) {
            for (int c = 0; c < channels; c++) {
                int at = (n * area + i) * stored + c;
                float inverse = net.config().addInverse() ? gradient[at + channels] : 0;
                values[start + c * area + i] = gradient[at] - inverse;
            }
        }
    }

    @Override
    public ActivationMaps activationMaps(RawImages.Floats images, List<List<Integer>> targets) {
        int width = targets.getFirst().size();
        Shape shape = images.shape();
        Shape output = net.activationShape(
                net.inputShape(1, shape.extent(2), shape.extent(3)),
                net.layers().size());
        int area = output.extent(1) * output.extent(2);
        float[] values = new float[shape.extent(0) * width * area];
        run(
                new ActivationPass(images.form()),
                images,
                (first, part) -> new HostBuffers(BufferLayout.EMPTY),
                (first, results) -> {
                    float[] activations = results.get(ActivationPass.ACTIVATIONS);
                    int count = activations.length / (area * classes());
                    for (int i = 0; i < count * width * area; i++) {
                        int n = i / (width * area);
                        int k = targets.get(first + n).get(i / area % width);
                        // The logit is the sum over positions divided by T, so its gradient is 1 / T at the channel of
                        // the class.
                        values[first * width * area + i] = (float) (activations[(n * area + i % area) * classes() + k]
                                / net.config().temperature());
                    }
                });
        return new ActivationMaps(values, output.extent(1), output.extent(2));
    }

    /** Creates the inputs of a micro-batch that begins with image {@code first}. */
    private interface Inputs {
        HostBuffers of(int first, RawImages part);
    }

    /** Receives the results of a micro-batch that begins with image {@code first}. */
    private interface Results {
        void take(int first, HostBuffers results);
    }

    private void run(PassDefinition pass, RawImages.Floats images, Inputs inputs, Results results) {
        synchronized (net.device()) {
            int atOnce = MemoryPlan.largestBatch(net, pass, memoryBudget, Math.min(BATCH, images.count()));
            PassCache passes = PassCache.of(net);
            microBatches.run(images.count(), atOnce, (first, count) -> {
                RawImages part = images.part(first, count);
                PassDefinition some = pass.withImages(count);
                HostBuffers given = inputs.of(first, part);
                results.take(
                        first, memoryBudget > 0 ? passes.runAlone(some, part, given) : passes.run(some, part, given));
            });
        }
    }
}
