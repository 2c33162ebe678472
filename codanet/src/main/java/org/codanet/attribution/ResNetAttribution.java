package org.codanet.attribution;

import java.util.List;
import org.codanet.data.batch.RawImages;
import org.codanet.model.ResNet;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.HostBuffers;

/** Makes a ResNet available to attribution methods. Batch normalisation uses the running statistics, as in predictions. */
public final class ResNetAttribution extends NetworkAttribution {
    private final ResNet net;

    /**
     * A view of a network.
     *
     * @param net the network; its owner closes it after the last call
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; 0 for no limit
     */
    public ResNetAttribution(ResNet net, long memoryBudget) {
        super(net, memoryBudget);
        this.net = net;
    }

    @Override
    public boolean hasRectifiers() {
        return true;
    }

    /** The images themselves: their normalisation is part of the network. */
    @Override
    public float[] input(RawImages.Floats images) {
        return images.values().clone();
    }

    @Override
    public float[] gradients(RawImages.Floats images, List<List<Integer>> targets) {
        return gradients(ReluRule.GRADIENT, images, null, targets);
    }

    @Override
    public float[] guidedGradients(RawImages.Floats images, List<List<Integer>> targets) {
        return gradients(ReluRule.GUIDED, images, null, targets);
    }

    @Override
    public float[] multipliers(RawImages.Floats images, float[] baseline, List<List<Integer>> targets) {
        return gradients(ReluRule.RESCALE, images, baseline, targets);
    }

    /** (N, T, C, H, W). */
    private float[] gradients(ReluRule rule, RawImages.Floats images, float[] baseline, List<List<Integer>> targets) {
        Shape shape = images.shape();
        int width = targets.getFirst().size();
        int channels = shape.extent(1);
        int area = shape.extent(2) * shape.extent(3);
        float[] values = new float[shape.extent(0) * width * channels * area];
        RuleGradientPass pass = new RuleGradientPass(images.form(), width, rule);
        run(
                pass,
                images,
                (first, part) -> {
                    HostBuffers inputs =
                            new HostBuffers(pass.withImages(part.count()).inputs(net));
                    inputs.set(RuleGradientPass.CLASSES, classes(first, part.count(), targets));
                    if (rule == ReluRule.RESCALE) {
                        inputs.set(RuleGradientPass.BASELINE, repeated(baseline, part.count(), shape));
                    }
                    return inputs;
                },
                (first, results) -> {
                    float[] gradients = results.get(RuleGradientPass.GRADIENTS);
                    int start = first * width * channels * area;
                    for (int i = 0; i < gradients.length; i++) {
                        int map = i / (channels * area);
                        values[start + (map * channels + i % channels) * area + i / channels % area] = gradients[i];
                    }
                });
        return values;
    }

    private static float[] classes(int first, int count, List<List<Integer>> targets) {
        int width = targets.getFirst().size();
        float[] classes = new float[count * width];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = targets.get(first + i / width).get(i % width);
        }
        return classes;
    }

    /** An image (C, H, W) as (count, H, W, C). */
    private static float[] repeated(float[] image, int count, Shape images) {
        float[] one = channelsLast(new RawImages.Floats(image, images.withFirst(1)));
        float[] all = new float[count * one.length];
        for (int n = 0; n < count; n++) {
            System.arraycopy(one, 0, all, n * one.length, one.length);
        }
        return all;
    }

    /** @throws IllegalArgumentException always: the logits are not sums of contributions */
    @Override
    public float[] contributions(RawImages.Floats images, List<List<Integer>> targets) {
        throw new IllegalArgumentException(
                "the network is a ResNet, which has no contributions of its own; choose a post-hoc method, such as gcam");
    }

    /** At the last residual block. The weight of a channel is the mean of the gradient over all positions. */
    @Override
    public ActivationMaps activationMaps(RawImages.Floats images, List<List<Integer>> targets) {
        int width = targets.getFirst().size();
        Shape shape = images.shape();
        int last = net.layers().size() - 2;
        Shape layer = net.activationShape(net.inputShape(1, shape.extent(2), shape.extent(3)), last);
        int area = layer.extent(1) * layer.extent(2);
        int channels = layer.extent(3);
        float[] values = new float[shape.extent(0) * width * area];
        LayerGradientPass pass = new LayerGradientPass(images.form(), width, last);
        run(
                pass,
                images,
                (first, part) -> {
                    HostBuffers inputs =
                            new HostBuffers(pass.withImages(part.count()).inputs(net));
                    inputs.set(LayerGradientPass.CLASSES, classes(first, part.count(), targets));
                    return inputs;
                },
                (first, results) -> {
                    float[] activations = results.get(LayerGradientPass.ACTIVATIONS);
                    float[] gradients = results.get(LayerGradientPass.GRADIENTS);
                    int maps = activations.length / (area * channels) * width;
                    for (int map = 0; map < maps; map++) {
                        double[] weights = means(gradients, map * area * channels, area, channels);
                        for (int i = 0; i < area; i++) {
                            double sum = 0;
                            for (int c = 0; c < channels; c++) {
                                sum += weights[c] * activations[(map / width * area + i) * channels + c];
                            }
                            values[(first * width + map) * area + i] = (float) sum;
                        }
                    }
                });
        return new ActivationMaps(values, layer.extent(1), layer.extent(2));
    }

    private static double[] means(float[] values, int start, int area, int channels) {
        double[] means = new double[channels];
        for (int i = 0; i < area * channels; i++) {
            means[i % channels] += values[start + i] / (double) area;
        }
        return means;
    }
}
