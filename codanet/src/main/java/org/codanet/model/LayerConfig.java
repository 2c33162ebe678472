package org.codanet.model;

import org.codanet.nn.op.alignment.Norm;

/**
 * One dynamic alignment layer of a network. A record of {@link CodaNetConfig#layers}, checked there.
 *
 * @param inChannels channels read, C
 * @param outChannels units, O
 * @param rank rank of the units' matrices, r
 * @param kernel extent of the square patch, k
 * @param stride step between patches
 * @param padding zeros added on every side
 * @param norm how the units bound their activation
 * @param bias whether the dynamic weights have the constant part b
 */
public record LayerConfig(
        int inChannels, int outChannels, int rank, int kernel, int stride, int padding, Norm norm, boolean bias) {
    /** {@return the length of a patch, P = C k k} */
    public int patch() {
        return inChannels * kernel * kernel;
    }

    /** {@return the extent of the output along one side of an input of this extent; below 1 if the kernel does not fit} */
    public int outputExtent(int inputExtent) {
        return Math.floorDiv(inputExtent + 2 * padding - kernel, stride) + 1;
    }

    /** {@return the number of weights: A, B and, if there is one, b} */
    public long parameters() {
        long b = (long) patch() * outChannels;
        return (long) rank * patch() + b * rank + (bias ? b : 0);
    }
}
