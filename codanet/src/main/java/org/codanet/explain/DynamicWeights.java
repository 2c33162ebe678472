package org.codanet.explain;

import org.codanet.model.CodaNet;
import org.codanet.model.NetPass;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The linear map W from the network's input x to the logit of one class, for one image: logit = Σ W · x + bias.
 *
 * @param weights (C, H, W), inverse channels included
 * @param contributions W · x, (C, H, W)
 * @param height H
 * @param width W
 */
public record DynamicWeights(float[] weights, float[] contributions, int height, int width) {
    /**
     * Back-projects one class.
     *
     * @param image (C, H, W) in [0, 1], without inverse channels
     * @param shape (1, C, H, W)
     * @param target the class
     * @throws IllegalArgumentException if image or class do not fit the network
     */
    public static DynamicWeights of(CodaNet net, float[] image, Shape shape, int target) {
        if (target < 0 || target >= net.config().numClasses()) {
            throw new IllegalArgumentException("dynamic weights: there is no class " + target);
        }
        synchronized (net.device()) {
            try (Scope scope = Scope.open("dynamic weights")) {
                Tensor input = net.input(image, shape, scope);
                NetPass pass = net.forward(input, Purpose.EXPLANATION, scope);
                Tensor classes = net.device().allocate(scope, Shape.of(1, 1));
                net.device().upload(new float[] {target}, classes);
                Tensor map = net.backProject(pass, classes, 0, 1, 0, scope);
                float[] weights = downloaded(net, map);
                float[] values = downloaded(net, input);
                for (int i = 0; i < values.length; i++) {
                    values[i] *= weights[i];
                }
                int channels = net.config().inChannels();
                return new DynamicWeights(
                        channelsFirst(weights, channels),
                        channelsFirst(values, channels),
                        shape.extent(2),
                        shape.extent(3));
            }
        }
    }

    private static float[] downloaded(CodaNet net, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        net.device().download(tensor, values);
        return values;
    }

    private static float[] channelsFirst(float[] values, int channels) {
        int area = values.length / channels;
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i % channels * area + i / channels] = values[i];
        }
        return result;
    }
}
