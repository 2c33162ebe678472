package org.codanet.attribution;

import java.nio.FloatBuffer;
import java.util.List;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.BufferLayout;
import org.codanet.run.HostBuffers;

/** Makes a CoDA-Net available to attribution methods. */
public final class CodaNetAttribution extends NetworkAttribution {
    private final CodaNet net;
    private final Explainer explainer;

    /**
     * A view of a network.
     *
     * @param net the network; its owner closes it after the last call
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; 0 for no limit
     */
    public CodaNetAttribution(CodaNet net, long memoryBudget) {
        super(net, memoryBudget);
        this.net = net;
        this.explainer = new Explainer(net, memoryBudget);
    }

    @Override
    public boolean hasRectifiers() {
        return false;
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
}
