package org.codanet.attribution;

import org.codanet.data.batch.RawImages;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.BufferLayout;
import org.codanet.run.PassDefinition;

/**
 * The gradients of some logits with respect to the network's input by a rule for ReLUs: one forward pass, a second one of the baseline if
 * the rule needs it, and one back-projection of all targets.
 *
 * @param images how the images are stored
 * @param targets T, the number of logits of each image
 * @param rule of the ReLUs
 */
record RuleGradientPass(RawImages.Form images, int targets, ReluRule rule) implements PassDefinition {
    /** Input (N, T): the classes. */
    static final String CLASSES = "classes";

    /** Input (N, H, W, C), for {@link ReluRule#RESCALE} only: the baseline of each image. */
    static final String BASELINE = "baseline";

    /** Result (N, T, H, W, C). */
    static final String GRADIENTS = "gradients";

    @Override
    public RuleGradientPass withImages(int count) {
        return new RuleGradientPass(images.withCount(count), targets, rule);
    }

    @Override
    public Purpose purpose() {
        return Purpose.EXPLANATION;
    }

    private Shape input(Network net) {
        Shape shape = images.shape();
        return net.inputShape(shape.extent(0), shape.extent(2), shape.extent(3));
    }

    @Override
    public BufferLayout inputs(Network net) {
        BufferLayout.Builder layout =
                BufferLayout.builder().add(CLASSES, Shape.of(images.shape().extent(0), targets));
        return (rule == ReluRule.RESCALE ? layout.add(BASELINE, input(net)) : layout).build();
    }

    @Override
    public BufferLayout results(Network net) {
        Shape input = input(net);
        Shape gradients = Shape.of(input.extent(0), targets, input.extent(1), input.extent(2), input.extent(3));
        return BufferLayout.builder().add(GRADIENTS, gradients).build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        return (input, inputs, results, own) -> {
            NetPass pass = net.forward(input, Purpose.EXPLANATION, own);
            NetPass start =
                    rule == ReluRule.RESCALE ? net.forward(inputs.get(BASELINE), Purpose.EXPLANATION, own) : null;
            net.backProject(pass, rule, start, inputs.get(CLASSES), results.get(GRADIENTS), own);
        };
    }

    @Override
    public String toString() {
        return "gradient of " + targets + (targets == 1 ? " logit" : " logits") + " by rule " + rule + ", " + images;
    }
}
