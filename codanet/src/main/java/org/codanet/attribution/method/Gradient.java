package org.codanet.attribution.method;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.nn.op.ReluRule;

/**
 * Methods that need one backward pass: the gradient of the logit with respect to the image, the image times it, and the two methods that
 * change it at each ReLU. Without ReLUs, GuidedBackprop equals the gradient, and DeepLIFT the image times the gradient; the result says so.
 * Sources: Simonyan et al., 2014 (gradient); Shrikumar et al., 2016 (input times gradient); Springenberg et al., 2015 (GuidedBackprop);
 * Shrikumar et al., 2017 (DeepLIFT, Rescale rule, with a black baseline).
 *
 * @param name on the command line
 * @param timesInput whether the gradient is multiplied by the image; for DeepLIFT the image is its difference from black
 * @param rule of the ReLUs
 */
record Gradient(String name, boolean timesInput, ReluRule rule) implements AttributionMethod {
    static final Gradient PLAIN = new Gradient("grad", false, ReluRule.GRADIENT);
    static final Gradient TIMES_INPUT = new Gradient("ixg", true, ReluRule.GRADIENT);
    static final Gradient GUIDED = new Gradient("gb", false, ReluRule.GUIDED);
    static final Gradient DEEPLIFT = new Gradient("deeplift", true, ReluRule.RESCALE);

    @Override
    public int channels(AttributedNetwork network) {
        return network.imageChannels();
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        float[] values = switch (rule) {
            case GRADIENT -> network.gradients(images, targets);
            case GUIDED -> network.guidedGradients(images, targets);
            case RESCALE -> network.multipliers(images, Baseline.BLACK.image(maps.channels, maps.area()), targets);
        };
        if (timesInput) {
            multiply(values, images, maps);
        }
        return maps.attribution(values, network.hasRectifiers() ? null : remark());
    }

    private String remark() {
        return switch (rule) {
            case GRADIENT -> null;
            case GUIDED -> "GuidedBackprop equals the gradient, because the network has no ReLU";
            case RESCALE -> "DeepLIFT equals input times gradient, because the network has no ReLU";
        };
    }

    private static void multiply(float[] values, RawImages.Floats images, Maps maps) {
        int size = maps.channels * maps.area();
        for (int n = 0; n < maps.images; n++) {
            for (int t = 0; t < maps.targets; t++) {
                int start = (n * maps.targets + t) * size;
                for (int i = 0; i < size; i++) {
                    values[start + i] *= images.values()[n * size + i];
                }
            }
        }
    }
}
