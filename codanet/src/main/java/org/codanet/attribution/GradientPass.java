package org.codanet.attribution;

import org.codanet.data.batch.RawImages;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.BufferLayout;
import org.codanet.run.PassDefinition;

/**
 * The gradients of some logits with respect to the network's input: one forward pass, and one backward pass for each target.
 *
 * @param images how the images are stored
 * @param targets T, the number of logits of each image
 */
record GradientPass(RawImages.Form images, int targets) implements PassDefinition {
    /** Name of the input (N, K) that is 1 at target t of each image and 0 elsewhere. */
    static String selection(int t) {
        return "selection " + t;
    }

    /** Name of the result (N, H, W, C) for target t. */
    static String gradient(int t) {
        return "gradient " + t;
    }

    @Override
    public GradientPass withImages(int count) {
        return new GradientPass(images.withCount(count), targets);
    }

    @Override
    public Purpose purpose() {
        return Purpose.TRAINING;
    }

    @Override
    public BufferLayout inputs(Network net) {
        BufferLayout.Builder layout = BufferLayout.builder();
        for (int t = 0; t < targets; t++) {
            layout.add(
                    selection(t),
                    Shape.of(images.shape().extent(0), net.config().numClasses()));
        }
        return layout.build();
    }

    @Override
    public BufferLayout results(Network net) {
        BufferLayout.Builder layout = BufferLayout.builder();
        Shape shape = images.shape();
        for (int t = 0; t < targets; t++) {
            layout.add(gradient(t), net.inputShape(shape.extent(0), shape.extent(2), shape.extent(3)));
        }
        return layout.build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        return (input, inputs, results, own) -> {
            NetPass pass = net.forward(input, Purpose.TRAINING, own);
            for (int t = 0; t < targets; t++) {
                net.inputGradient(pass, inputs.get(selection(t)), results.get(gradient(t)), own);
            }
        };
    }

    @Override
    public String toString() {
        return "gradient of " + targets + (targets == 1 ? " logit, " : " logits, ") + images;
    }
}
