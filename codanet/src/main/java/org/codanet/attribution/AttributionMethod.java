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
     * The maps of some targets.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param targets N lists of T classes
     * @throws IllegalArgumentException if images or targets do not fit the network or the method
     */
    Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets);
}
