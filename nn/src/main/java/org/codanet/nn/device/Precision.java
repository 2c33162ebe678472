package org.codanet.nn.device;

/** Arithmetic of the heavy products. Tensors, weights and accumulators are float32 in every one of them. */
public enum Precision {
    /** IEEE float32 throughout. */
    FP32,
    /** Operands of matrix products rounded to 10 bits of mantissa; GPUs only. */
    TF32,
    /** Operands of matrix products rounded to bfloat16. */
    BF16;

    /** The name on the command line: {@code fp32}, {@code tf32}, {@code bf16}. */
    public String option() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
