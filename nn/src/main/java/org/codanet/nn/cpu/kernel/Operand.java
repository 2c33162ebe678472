package org.codanet.nn.cpu.kernel;

/**
 * One side of a batch of matrix products: matrices of the same size in one array, a fixed distance apart, as in a strided batched GEMM.
 *
 * @param offset offset of the first product's matrix
 * @param next distance between the matrices of consecutive products; 0 if all products use the same matrix
 */
public record Operand(float[] values, int offset, int next) {}
