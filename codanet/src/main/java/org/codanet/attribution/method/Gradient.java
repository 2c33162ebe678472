package org.codanet.attribution.method;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;

/**
 * The gradient of the logit with respect to the image, alone or multiplied by the image, and the two methods that equal these on a network
 * without ReLUs. Sources: Simonyan et al., 2014 (gradient); Shrikumar et al., 2016 (input times gradient); Springenberg et al., 2015
 * (GuidedBackprop); Shrikumar et al., 2017 (DeepLIFT, Rescale rule, with a black baseline).
 *
 * @param name on the command line
 * @param timesInput whether the gradient is multiplied by the image
 * @param remark why the method equals another one; null if it does not
 */
record Gradient(String name, boolean timesInput, String remark) implements AttributionMethod {
    static final Gradient PLAIN = new Gradient("grad", false, null);
    static final Gradient TIMES_INPUT = new Gradient("ixg", true, null);
    static final Gradient GUIDED =
            new Gradient("gb", false, "GuidedBackprop equals the gradient, because the network has no ReLU");
    static final Gradient DEEPLIFT =
            new Gradient("deeplift", true, "DeepLIFT equals input times gradient, because the network has no ReLU");

    @Override
    public int channels(AttributedNetwork network) {
        return network.imageChannels();
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        if (remark != null && network.hasRectifiers()) {
            throw new IllegalArgumentException(name + ": its rule for ReLUs is not available for this network");
        }
        float[] values = network.gradients(images, targets);
        if (timesInput) {
            multiply(values, images, maps);
        }
        return maps.attribution(values, remark);
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
