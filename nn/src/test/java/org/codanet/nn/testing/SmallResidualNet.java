package org.codanet.nn.testing;

import java.util.List;
import java.util.SplittableRandom;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.AveragePoolLayer;
import org.codanet.nn.layer.BatchNormLayer;
import org.codanet.nn.layer.ConvolutionLayer;
import org.codanet.nn.layer.Initialisation;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.layer.MaxPoolLayer;
import org.codanet.nn.layer.NormaliseLayer;
import org.codanet.nn.layer.PaddedShortcut;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.ReluLayer;
import org.codanet.nn.layer.ResidualBlock;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;

/** A residual network of every kind of layer: blocks with each kind of shortcut, both poolings, and three classes. */
public final class SmallResidualNet {
    /** Three images of two channels. Height and width differ. */
    public static final Shape INPUT = Shape.of(3, 9, 8, 2);

    private SmallResidualNet() {}

    /** The network with seeded weights and statistics, prepared for training. */
    public static Sequential create(Device device, Scope scope) {
        Sequential net = new Sequential(
                device,
                List.of(
                        new NormaliseLayer("normalise", device, scope, List.of(0.1, -0.2), List.of(0.5, 2.0)),
                        convolution("stem", device, scope, 2, 4, 3, 1),
                        new BatchNormLayer("stem", device, scope, new BatchNormShape(4)),
                        new ReluLayer("relu", device, scope),
                        new MaxPoolLayer("max pool", device, scope, new MaxPoolShape(3, 2, 1)),
                        block("identity", device, scope, 4, 4, 1, List.of()),
                        block(
                                "padded",
                                device,
                                scope,
                                4,
                                6,
                                2,
                                List.of(new PaddedShortcut("shortcut", device, scope, 4, 6, 2))),
                        block(
                                "projected",
                                device,
                                scope,
                                6,
                                5,
                                1,
                                List.of(
                                        convolution("projection", device, scope, 6, 5, 1, 1),
                                        new BatchNormLayer("projection", device, scope, new BatchNormShape(5)))),
                        new AveragePoolLayer("average pool", device, scope),
                        new ConvolutionLayer("head", device, scope, new ConvolutionShape(5, 3, 1, 1, 0, true))));
        Initialisation.uniform(net, device, new SplittableRandom(7));
        SplittableRandom random = new SplittableRandom(8);
        for (Parameter statistic : net.statistics()) {
            float[] values = new float[(int) statistic.value().shape().elements()];
            boolean variance = statistic.name().endsWith("var");
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (variance ? 0.2 + random.nextDouble() : random.nextDouble() - 0.5);
            }
            device.upload(values, statistic.value());
        }
        for (Parameter parameter : net.parameters()) {
            parameter.forTraining(device, scope);
        }
        return net;
    }

    private static Layer convolution(
            String name, Device device, Scope scope, int inChannels, int outChannels, int kernel, int stride) {
        return new ConvolutionLayer(
                name, device, scope, new ConvolutionShape(inChannels, outChannels, kernel, stride, kernel / 2, false));
    }

    private static Layer block(
            String name,
            Device device,
            Scope scope,
            int inChannels,
            int outChannels,
            int stride,
            List<Layer> shortcut) {
        return new ResidualBlock(
                name,
                device,
                scope,
                List.of(
                        convolution(name + ".1", device, scope, inChannels, outChannels, 3, stride),
                        new BatchNormLayer(name + ".1", device, scope, new BatchNormShape(outChannels)),
                        new ReluLayer(name + ".relu", device, scope),
                        convolution(name + ".2", device, scope, outChannels, outChannels, 3, 1),
                        new BatchNormLayer(name + ".2", device, scope, new BatchNormShape(outChannels))),
                shortcut);
    }
}
