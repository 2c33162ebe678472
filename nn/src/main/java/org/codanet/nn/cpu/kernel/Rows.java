package org.codanet.nn.cpu.kernel;

/**
 * Rows of values in an array. The called method specifies the number and the length of the rows.
 *
 * @param offset offset of the first row
 * @param stride distance from the start of one row to the start of the next
 */
public record Rows(float[] values, int offset, int stride) {}
