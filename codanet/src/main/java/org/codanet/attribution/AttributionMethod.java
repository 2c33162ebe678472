package org.codanet.attribution;

import java.util.List;
import org.codanet.data.batch.RawImages;

/**
 * A way to attribute a logit to the pixels of an image. Immutable and thread-safe. The same call gives the same bits, and the maps of an
 * image do not depend on the other images of the call.
 */
public interface AttributionMethod {
    /** {@return its name on the command line, such as {@code intgrad}} */
    String name();

    /** {@return the number of channels of its maps for this network} */
    int channels(AttributedNetwork network);

    /**
     * {@return whether its maps explain the network's input, with inverse channels, and not the image} The sum of such a map is compared
     * with an input of zeros, which no image has, and that of other maps with a black image.
     */
    default boolean attributesNetworkInput() {
        return false;
    }

    /**
     * {@return the value that a map of class k explains}
     *
     * @param logits of one image
     */
    default double explained(float[] logits, int k) {
        return logits[k];
    }

    /**
     * The maps of some targets.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param targets N lists of T classes
     * @throws IllegalArgumentException if images or targets do not fit the network or the method
     */
    Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets);
}
