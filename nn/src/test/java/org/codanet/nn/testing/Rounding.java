package org.codanet.nn.testing;

import org.codanet.nn.device.Precision;

/** Tolerances for results whose operands are rounded. */
public final class Rounding {
    private Rounding() {}

    /**
     * Tolerance relative to the largest value of a tensor. TF32 keeps 11 bits of an operand and bfloat16 8, so the relative rounding
     * error is up to 5e-4 and 4e-3; sums are float32. A gradient rounds two or three times, and the norms L2 and WB divide by rounded
     * values. The largest measured errors are about a third of the tolerances; see docs/performance.md.
     *
     * @param float32 tolerance without rounding
     */
    public static double tolerance(Precision precision, double float32) {
        return switch (precision) {
            case FP32 -> float32;
            case TF32 -> 8e-3;
            case BF16 -> 3e-2;
        };
    }
}
