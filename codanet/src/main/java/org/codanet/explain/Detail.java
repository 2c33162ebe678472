package org.codanet.explain;

/**
 * How far an explanation goes.
 *
 * @param layer whose input is explained: 0 explains the network's input, i &gt; 0 the activations that layer i reads
 * @param perChannel whether contributions are wanted for each channel too, not only for each position
 */
public record Detail(int layer, boolean perChannel) {
    /** Of pixels, summed over channels. */
    public static final Detail POSITIONS = new Detail(0, false);

    /** Of pixels, for each channel of the network's input. */
    public static final Detail CHANNELS = new Detail(0, true);

    /** @throws IllegalArgumentException if the layer is negative */
    public Detail {
        if (layer < 0) {
            throw new IllegalArgumentException("explanation: layers count from 0, asked for is " + layer);
        }
    }
}
