package org.codanet.nn.cpu.kernel;

/**
 * One side of a batch of matrix products: equal matrices in one array, a fixed distance apart, as in the strided batches of BLAS.
 *
 * @param offset of the matrix of the first product
 * @param next from the matrix of one product to that of the next; 0 if all products use the same matrix
 */
public record Operand(float[] values, int offset, int next) {}
