package org.codanet.gpu.op.alignment;

/**
 * Division by a constant of a launch as a multiplication and a shift: for 0 ≤ n &lt; 2³¹, {@code n / d = n factor >> shift}. With l the
 * number of bits of d - 1, shift = 31 + l and factor = ⌈2^shift / d⌉ &lt; 2³². The excess of the factor, less than 1, adds less than
 * n / 2^shift ≤ 2^-l ≤ 1 / d to the quotient, which is not enough to reach the next integer.
 *
 * @param factor as an unsigned number of 32 bits
 */
record Division(int factor, int shift) {
    static Division by(int divisor) {
        int shift = 31 + Integer.SIZE - Integer.numberOfLeadingZeros(divisor - 1);
        return new Division((int) Math.ceilDiv(1L << shift, (long) divisor), shift);
    }
}
