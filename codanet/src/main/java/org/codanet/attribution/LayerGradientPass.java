package org.codanet.attribution;

import org.codanet.data.batch.RawImages;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.run.BufferLayout;
import org.codanet.run.PassDefinition;

/**
 * An activation, and the gradients of some logits with respect to it.
 *
 * @param images how the images are stored
 * @param targets T, the number of logits of each image
 * @param activation its number: 0 is the network's input, i the output of layer i − 1
 */
record LayerGradientPass(RawImages.Form images, int targets, int activation) implements PassDefinition {
    /** Input (N, T): the classes. */
    static final String CLASSES = "classes";

    /** Result (N, h, w, C). */
    static final String ACTIVATIONS = "activations";

    /** Result (N, T, h, w, C). */
    static final String GRADIENTS = "gradients";

    @Override
    public LayerGradientPass withImages(int count) {
        return new LayerGradientPass(images.withCount(count), targets, activation);
    }

    @Override
    public Purpose purpose() {
        return Purpose.EXPLANATION;
    }

    @Override
    public BufferLayout inputs(Network net) {
        return BufferLayout.builder()
                .add(CLASSES, Shape.of(images.shape().extent(0), targets))
                .build();
    }

    @Override
    public BufferLayout results(Network net) {
        Shape image = images.shape();
        Shape input = net.inputShape(image.extent(0), image.extent(2), image.extent(3));
        Shape layer = net.activationShape(input, activation);
        return BufferLayout.builder()
                .add(ACTIVATIONS, layer)
                .add(GRADIENTS, Shape.of(layer.extent(0), targets, layer.extent(1), layer.extent(2), layer.extent(3)))
                .build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        return (input, inputs, results, own) -> {
            NetPass pass = net.forward(input, Purpose.EXPLANATION, own);
            Tensor gradients = net.backProject(pass, inputs.get(CLASSES), 0, targets, activation, own);
            net.device().elementwise().copy(gradients, results.get(GRADIENTS));
            net.device().elementwise().copy(pass.layers().activation(activation), results.get(ACTIVATIONS));
        };
    }

    @Override
    public String toString() {
        return "gradient of " + targets + (targets == 1 ? " logit" : " logits") + " at activation " + activation + ", "
                + images;
    }
}
