package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Batch normalisation of each channel: {@code y = γ x̂ + β} with {@code x̂ = (x − μ) / √(σ² + ε)}. Activations are (N, …, C).
 *
 * <p>In training μ and σ² are the mean and the variance of the batch. With n values of a channel, the gradient is
 *
 * <pre>
 *   dβ = Σ g      dγ = Σ g x̂      dx = γ / √(σ² + ε) · (g − dβ/n − x̂ dγ/n)
 * </pre>
 *
 * Otherwise they are the running statistics, which are constants, so the operation is a linear map plus a constant. Source: Ioffe and
 * Szegedy, ICML 2015.
 */
public interface BatchNorm {
    /** Channels and constants. */
    BatchNormShape shape();

    /**
     * The weights, or their gradients.
     *
     * @param scale γ, (C)
     * @param shift β, (C)
     */
    record Weights(Tensor scale, Tensor shift) {}

    /**
     * The running statistics.
     *
     * @param mean μ, (C)
     * @param variance σ², (C)
     */
    record Statistics(Tensor mean, Tensor variance) {}

    /** Overwrites {@code y} with {@code x} normalised by the running statistics. */
    void forward(Tensor x, Weights weights, Statistics running, Tensor y);

    /**
     * The gradient of {@link #forward} with respect to x: overwrites {@code dIn} with {@code γ / √(σ² + ε) · dOut}. Both are (…, C).
     */
    void backProject(Tensor dOut, Weights weights, Statistics running, Tensor dIn);

    /**
     * Overwrites {@code y} with {@code x} normalised by the statistics of {@code x}, and moves the running statistics towards these by
     * {@link BatchNormShape#momentum}. As in PyTorch, the running variance is the unbiased one.
     *
     * @param saved (2, C), overwritten with μ and 1/√(σ² + ε), which {@link #backward} reads
     * @throws IllegalArgumentException if x has only one value of each channel, because its variance is not defined then
     */
    void train(Tensor x, Weights weights, Statistics running, Tensor saved, Tensor y);

    /**
     * The gradient of {@link #train}.
     *
     * @param saved as {@link #train} wrote it
     * @param gradients to which dγ and dβ are added; null if they are not needed
     * @param dIn overwritten; null if it is not needed
     */
    void backward(Tensor x, Tensor dOut, Weights weights, Tensor saved, Weights gradients, Tensor dIn);

    /** Checks that a shape is (…, C), for devices, and returns the number of values of a channel. */
    static int requireRows(Shape shape, int channels, String role) {
        if (shape.extent(shape.rank() - 1) != channels) {
            throw new IllegalArgumentException(
                    "batch norm: " + role + " is " + shape + ", its last extent must be " + channels);
        }
        return Math.toIntExact(shape.elements() / channels);
    }

    /** {@link #requireRows} for the input of {@link #train}. */
    static int requireBatch(Shape shape, int channels) {
        int rows = requireRows(shape, channels, "x");
        if (rows < 2) {
            throw new IllegalArgumentException(
                    "batch norm: x is " + shape + "; training needs at least two values of each channel");
        }
        return rows;
    }
}
