package org.codanet.attribution.method;

import java.util.ArrayList;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;

/**
 * The network's own explanation. The maps of a logit add up to the logit without its bias.
 *
 * @param relative whether the contributions to the mean logit are subtracted, so that a map shows the evidence for this class and not the
 *     evidence common to all classes
 */
record Contributions(boolean relative) implements AttributionMethod {
    @Override
    public String name() {
        return relative ? "ours_relative" : "ours";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return network.inputChannels();
    }

    @Override
    public boolean attributesNetworkInput() {
        return true;
    }

    @Override
    public double explained(float[] logits, int k) {
        if (!relative) {
            return logits[k];
        }
        double sum = 0;
        for (float logit : logits) {
            sum += logit;
        }
        return logits[k] - sum / logits.length;
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        if (!relative) {
            return maps.attribution(network.contributions(images, targets), null);
        }
        List<Integer> all = new ArrayList<>();
        for (int k = 0; k < network.classes(); k++) {
            all.add(k);
        }
        float[] values = maps.values();
        int size = maps.channels * maps.area();
        for (int n = 0; n < maps.images; n++) {
            float[] contributions = network.contributions((RawImages.Floats) images.part(n, 1), List.of(all));
            for (int i = 0; i < size; i++) {
                double sum = 0;
                for (int k = 0; k < network.classes(); k++) {
                    sum += contributions[k * size + i];
                }
                for (int t = 0; t < maps.targets; t++) {
                    int k = targets.get(n).get(t);
                    values[(n * maps.targets + t) * size + i] =
                            (float) (contributions[k * size + i] - sum / network.classes());
                }
            }
        }
        return maps.attribution(values, null);
    }
}
