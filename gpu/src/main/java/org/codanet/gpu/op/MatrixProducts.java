package org.codanet.gpu.op;

/** Products of float matrices on the device, in one precision. */
@FunctionalInterface
interface MatrixProducts {
    /** {@code c (m, n) = a (m, k) · b (k, n)}, or {@code +=} if it adds. */
    void multiply(int m, int n, int k, CublasHandle.Matrix a, CublasHandle.Matrix b, long c, int strideC, boolean adds);
}
