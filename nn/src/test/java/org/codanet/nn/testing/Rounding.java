package org.codanet.nn.testing;

import org.codanet.nn.device.Precision;

/** How far results may be off because operands are rounded. */
public final class Rounding {
    private Rounding() {}

    /**
     * Share of a tensor's largest value. TF32 keeps 11 bits of an operand and bfloat16 8, so a rounding is up to 5e-4 and 4e-3 of it;
     * sums are float32. A gradient rounds twice or three times, and the norms L2 and WB divide by what was rounded. The largest
     * errors measured are about a third of these, see docs/performance.md.
     *
     * @param float32 what is allowed where nothing is rounded
     */
    public static double tolerance(Precision precision, double float32) {
        return switch (precision) {
            case FP32 -> float32;
            case TF32 -> 8e-3;
            case BF16 -> 3e-2;
        };
    }
}
