package org.codanet.explain;

/**
 * One output value of one layer.
 *
 * @param layer from 0
 * @param channel index of the unit among the units of the layer
 * @param y row of the layer's output
 * @param x column of the layer's output
 */
public record Unit(int layer, int channel, int y, int x) {
    /** @throws IllegalArgumentException if a number is negative */
    public Unit {
        if (layer < 0 || channel < 0 || y < 0 || x < 0) {
            throw new IllegalArgumentException("unit: layer " + layer + ", channel " + channel + ", row " + y
                    + " and column " + x + " count from 0");
        }
    }
}
