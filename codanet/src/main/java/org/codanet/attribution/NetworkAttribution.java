package org.codanet.attribution;

import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Probabilities;
import org.codanet.model.CodaNet;
import org.codanet.model.Network;
import org.codanet.model.ResNet;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.run.HostBuffers;
import org.codanet.run.LogitsPass;
import org.codanet.run.MemoryPlan;
import org.codanet.run.MicroBatches;
import org.codanet.run.PassCache;
import org.codanet.run.PassDefinition;

/** What is the same for all networks that attribution methods explain. */
public abstract sealed class NetworkAttribution implements AttributedNetwork
        permits CodaNetAttribution, ResNetAttribution {
    private static final int BATCH = 32;

    private final Network net;
    private final long memoryBudget;
    private final Evaluator evaluator;
    private final MicroBatches microBatches;

    NetworkAttribution(Network net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.evaluator = new Evaluator(net, memoryBudget);
        this.microBatches = new MicroBatches(net.device(), "attribution");
    }

    /**
     * A view of a network.
     *
     * @param net the network; its owner closes it after the last call
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; 0 for no limit
     */
    public static AttributedNetwork of(Network net, long memoryBudget) {
        return switch (net) {
            case CodaNet coda -> new CodaNetAttribution(coda, memoryBudget);
            case ResNet residual -> new ResNetAttribution(residual, memoryBudget);
        };
    }

    @Override
    public int classes() {
        return net.config().numClasses();
    }

    @Override
    public int imageChannels() {
        return net.config().imageChannels();
    }

    @Override
    public int inputChannels() {
        return net.config().inChannels();
    }

    @Override
    public float[] logits(RawImages.Floats images) {
        return evaluator.logits(images);
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

    /** Images (N, C, H, W) in the order of tensors, (N, H, W, C). */
    static float[] channelsLast(RawImages.Floats inputs) {
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

    /** Creates the inputs of a micro-batch that begins with image {@code first}. */
    @FunctionalInterface
    interface Inputs {
        HostBuffers of(int first, RawImages part);
    }

    /** Receives the results of a micro-batch that begins with image {@code first}. */
    @FunctionalInterface
    interface Results {
        void take(int first, HostBuffers results);
    }

    /** Runs a pass for all images, in micro-batches that fit the memory. */
    final void run(PassDefinition pass, RawImages.Floats images, Inputs inputs, Results results) {
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
