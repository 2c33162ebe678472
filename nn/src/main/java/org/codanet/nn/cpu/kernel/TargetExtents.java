package org.codanet.nn.cpu.kernel;

/**
 * Extents of {@link Kernels#applyWeights}: created once and passed to many calls.
 *
 * @param targets rows of gradients and of outputs
 * @param units gradients of a row, and rows of weights
 * @param width vectors of a row of weights and of a row of outputs
 * @param gradientStride floats between the rows of gradients
 * @param weightStride floats between the rows of weights
 * @param outputStride floats between the rows of outputs
 */
public record TargetExtents(
        int targets, int units, int width, int gradientStride, int weightStride, int outputStride) {}
