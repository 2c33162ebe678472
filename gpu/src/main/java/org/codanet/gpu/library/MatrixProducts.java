package org.codanet.gpu.library;

/** Products of float matrices on the device, in one precision. */
@FunctionalInterface
public interface MatrixProducts {
    /** {@code c (m, n) = a (m, k) · b (k, n)}, or {@code +=} if it adds. */
    void multiply(int m, int n, int k, CublasHandle.Matrix a, CublasHandle.Matrix b, long c, int strideC, boolean adds);
}
