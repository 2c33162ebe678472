package org.codanet.explain;

/**
 * What the contributions are computed for.
 *
 * @param layer whose input is explained: 0 explains the network's input, i &gt; 0 the activations that layer i reads
 * @param perChannel whether the contributions of each channel are computed as well, and not only their sum for each position
 */
public record Detail(int layer, boolean perChannel) {
    /** Contributions of pixels, summed over channels. */
    public static final Detail POSITIONS = new Detail(0, false);

    /** Contributions of pixels, for each channel of the network's input as well. */
    public static final Detail CHANNELS = new Detail(0, true);

    /** @throws IllegalArgumentException if the layer is negative */
    public Detail {
        if (layer < 0) {
            throw new IllegalArgumentException("explanation: layers count from 0, asked for is " + layer);
        }
    }
}
