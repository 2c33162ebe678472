package org.codanet.measure;

import java.util.List;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;

/**
 * The number of multiply-adds that a network needs per image.
 *
 * <p>The count assumes that every dynamic weight is computed from its factors and used once. With patch length P, rank r and D
 * units, the forward pass takes P r (D + 1) multiply-adds per position. An implementation may need fewer or more. The count is the
 * same for all implementations, so that their rates can be compared.
 */
public final class WorkCount {
    private final long forward;
    private final long applications;

    /**
     * Counts the work of a network.
     *
     * @param height rows of an image
     * @param width columns of an image
     */
    public WorkCount(CodaNetConfig config, int height, int width) {
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

    /** A forward pass. */
    public long forward() {
        return forward;
    }

    /** A forward pass, the dynamic weights computed a second time, and one back-projection per class. */
    public long explanation(int classes) {
        return 2 * forward + classes * applications;
    }

    /**
     * A forward pass and a backward pass. The backward pass counts as three forward passes: the gradient of the dynamic weights,
     * and the gradients of their two factors.
     */
    public long training() {
        return 4 * forward;
    }
}
