package org.codanet.model;

import org.codanet.nn.op.alignment.Norm;

/**
 * The sizes of one dynamic alignment layer. {@link CodaNetConfig} checks them, because its messages name the layer.
 *
 * @param inChannels channels of the input, C
 * @param outChannels number of units, O
 * @param rank rank of the units' matrices, r
 * @param kernel extent of the square patch, k
 * @param stride distance between patches
 * @param padding zeros added on every side
 * @param norm how the units bound their output
 * @param bias whether the dynamic weights have the constant part b
 */
public record LayerConfig(
        int inChannels, int outChannels, int rank, int kernel, int stride, int padding, Norm norm, boolean bias) {
    /** {@return the length of a patch, P = C k k} */
    public int patch() {
        return inChannels * kernel * kernel;
    }

    /** {@return the output's height or width for an input of this height or width; below 1 if the kernel does not fit} */
    public int outputExtent(int inputExtent) {
        return Math.floorDiv(inputExtent + 2 * padding - kernel, stride) + 1;
    }

    /** {@return the number of weights in A, in B and, if the layer has a bias, in b} */
    public long parameters() {
        long b = (long) patch() * outChannels;
        return (long) rank * patch() + b * rank + (bias ? b : 0);
    }
}
