package org.codanet.gpu.library;

/** GEMMs of float32 matrices on the device, in one precision. */
@FunctionalInterface
public interface MatrixProducts {
    /**
     * {@code c (m, n) = a (m, k) · b (k, n)}.
     *
     * @param c not transposed; must not overlap the operands
     * @param adds whether the product is added to {@code c} instead of overwriting it
     * @throws IllegalArgumentException if the extents do not match
     */
    void multiply(Matrix a, Matrix b, Matrix c, boolean adds);
}
