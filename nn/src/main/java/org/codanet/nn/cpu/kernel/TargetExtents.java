package org.codanet.nn.cpu.kernel;

/**
 * Extents for {@link Kernels#applyWeights}. They are created once and passed to many calls.
 *
 * @param targets number of rows of gradients and of outputs
 * @param units number of gradients in a row, and of rows of weights
 * @param width number of vectors in a row of weights and in a row of outputs
 * @param gradientStride floats between the rows of gradients
 * @param weightStride floats between the rows of weights
 * @param outputStride floats between the rows of outputs
 */
public record TargetExtents(
        int targets, int units, int width, int gradientStride, int weightStride, int outputStride) {}
