package org.codanet.nn.op;

/**
 * Channels and constants of a batch normalisation.
 *
 * @param channels C
 * @param epsilon ε, which is added to the variance; 0 or more
 * @param momentum weight of a batch in the running statistics, in [0, 1]
 */
public record BatchNormShape(int channels, double epsilon, double momentum) {
    /** PyTorch's defaults, ε = 1e-5 and a momentum of 0.1. */
    public BatchNormShape(int channels) {
        this(channels, 1e-5, 0.1);
    }

    /** @throws IllegalArgumentException if a value is out of its range */
    public BatchNormShape {
        if (channels < 1 || !(epsilon >= 0) || !(epsilon < 1) || !(momentum >= 0 && momentum <= 1)) {
            throw new IllegalArgumentException("batch norm: channels must be positive, epsilon in [0, 1) and momentum"
                    + " in [0, 1], got " + channels + ", " + epsilon + " and " + momentum);
        }
    }
}
