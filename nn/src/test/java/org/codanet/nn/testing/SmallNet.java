package org.codanet.nn.testing;

import java.util.List;
import java.util.SplittableRandom;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.ConvolutionLayer;
import org.codanet.nn.layer.DynamicAlignmentLayer;
import org.codanet.nn.layer.Initialisation;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;

/** A network of four layers and three classes: a convolution, then dynamic alignment with each norm. */
public final class SmallNet {
    /** Two images of two channels. Height and width differ. */
    public static final Shape INPUT = Shape.of(2, 6, 5, 2);

    private SmallNet() {}

    /** The network with seeded weights, prepared for training. */
    public static Sequential create(Device device, Scope scope) {
        Sequential net = new Sequential(
                device,
                List.of(
                        new ConvolutionLayer("0", device, scope, new ConvolutionShape(2, 3, 3, 1, 1, false)),
                        new DynamicAlignmentLayer(
                                "1", device, scope, new DynamicAlignmentShape(3, 4, 3, 3, 2, 1, Norm.SQ, true)),
                        new DynamicAlignmentLayer(
                                "2", device, scope, new DynamicAlignmentShape(4, 3, 2, 1, 1, 0, Norm.WB, false)),
                        new DynamicAlignmentLayer(
                                "3", device, scope, new DynamicAlignmentShape(3, 3, 4, 3, 1, 1, Norm.L2, true))));
        Initialisation.uniform(net, device, new SplittableRandom(7));
        for (Parameter parameter : net.parameters()) {
            parameter.forTraining(device, scope);
        }
        return net;
    }
}
