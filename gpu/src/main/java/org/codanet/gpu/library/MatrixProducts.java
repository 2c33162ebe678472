package org.codanet.gpu.library;

import org.codanet.gpu.driver.DevicePointer;

/** Products of float matrices on the device, in one precision. */
@FunctionalInterface
public interface MatrixProducts {
    /**
     * {@code c (m, n) = a (m, k) · b (k, n)}.
     *
     * @param c not transposed, and apart from the operands
     * @param adds whether the product is added to {@code c} instead of overwriting it
     * @throws IllegalArgumentException if the extents do not fit
     */
    void multiply(Matrix a, Matrix b, Matrix c, boolean adds);

    /** {@link #multiply(Matrix, Matrix, Matrix, boolean)} with bare addresses. */
    default void multiply(
            int m, int n, int k, CublasHandle.Matrix a, CublasHandle.Matrix b, long c, int strideC, boolean adds) {
        multiply(a.typed(m, k), b.typed(k, n), new CublasHandle.Matrix(c, strideC, false).typed(m, n), adds);
    }

    /** Memory from an address on, of unknown extent. */
    static DevicePointer unbounded(long address) {
        return new DevicePointer(address, Long.MAX_VALUE);
    }
}
