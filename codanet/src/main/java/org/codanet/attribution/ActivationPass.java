package org.codanet.attribution;

import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.BufferLayout;
import org.codanet.run.PassDefinition;

/**
 * The output of the last layer, before the sum over positions.
 *
 * @param images how the images are stored
 */
record ActivationPass(RawImages.Form images) implements PassDefinition {
    /** Result (N, H, W, K). */
    static final String ACTIVATIONS = "activations";

    @Override
    public ActivationPass withImages(int count) {
        return new ActivationPass(images.withCount(count));
    }

    @Override
    public Purpose purpose() {
        return Purpose.EXPLANATION;
    }

    @Override
    public BufferLayout inputs(Network net) {
        return BufferLayout.EMPTY;
    }

    @Override
    public BufferLayout results(Network net) {
        Shape shape = images.shape();
        Shape input = net.inputShape(shape.extent(0), shape.extent(2), shape.extent(3));
        return BufferLayout.builder()
                .add(ACTIVATIONS, net.activationShape(input, net.layers().size()))
                .build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        return (input, inputs, results, own) -> net.device()
                .elementwise()
                .copy(
                        net.forward(input, Purpose.EXPLANATION, own)
                                .layers()
                                .activation(net.layers().size()),
                        results.get(ACTIVATIONS));
    }

    @Override
    public String toString() {
        return "activations of the last layer, " + images;
    }
}
