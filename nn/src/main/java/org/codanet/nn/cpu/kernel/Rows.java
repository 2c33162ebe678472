package org.codanet.nn.cpu.kernel;

/**
 * Rows of values in an array. The number and the length of the rows come with the call.
 *
 * @param offset of the first row
 * @param stride from the start of one row to the start of the next
 */
public record Rows(float[] values, int offset, int stride) {}
