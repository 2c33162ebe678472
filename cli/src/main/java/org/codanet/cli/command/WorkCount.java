package org.codanet.cli.command;

import java.util.List;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;

/**
 * Multiply-adds of one image, counted as if every dynamic weight were computed from its factors and used once: with P the
 * patch length, r the rank and D the units, a position takes P r (D + 1) forward. A device may get by with fewer or need
 * more; the count is the same for all, so that rates can be compared.
 */
final class WorkCount {
    private final long forward;
    private final long applications;

    /** Of a network on images of these extents. */
    WorkCount(CodaNetConfig config, int height, int width) {
        List<LayerConfig> layers = config.layers();
        List<LayerExtent> extents = config.extents(height, width);
        long products = 0;
        long uses = 0;
        for (int i = 0; i < layers.size(); i++) {
            LayerConfig layer = layers.get(i);
            long positions = (long) extents.get(i).height() * extents.get(i).width();
            products += positions * layer.patch() * layer.rank() * (layer.outChannels() + 1L);
            uses += positions * layer.patch() * layer.outChannels();
        }
        forward = products;
        applications = uses;
    }

    /** The logits. */
    long forward() {
        return forward;
    }

    /** Forward, the weights once more, and one use of them for each class. */
    long explanation(int classes) {
        return 2 * forward + classes * applications;
    }

    /** Forward, and three times as much backward: the gradient of the weights, and what it leaves in both factors. */
    long training() {
        return 4 * forward;
    }
}
