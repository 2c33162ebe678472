package org.codanet.attribution.method;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;

/**
 * The activations of the last layer before the pooling, weighted by the mean gradient of the logit with respect to each channel; negative
 * values become 0, and the map is upsampled to the image by nearest neighbours. Source: Selvaraju et al., 2017.
 */
record GradCam() implements AttributionMethod {
    @Override
    public String name() {
        return "gcam";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return 1;
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        AttributedNetwork.ActivationMaps layer = network.activationMaps(images, targets);
        float[] values = maps.values();
        for (int i = 0; i < values.length; i++) {
            int map = i / maps.area();
            int y = i / maps.width % maps.height * layer.height() / maps.height;
            int x = i % maps.width * layer.width() / maps.width;
            values[i] = Math.max(0, layer.values()[(map * layer.height() + y) * layer.width() + x]);
        }
        return maps.attribution(values, null);
    }
}
