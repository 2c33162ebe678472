package org.codanet.nn.device;

/** Arithmetic of the matrix products. Tensors, weights and accumulators are float32 in each case. */
public enum Precision {
    /** IEEE float32 throughout. */
    FP32,
    /** Operands of matrix products rounded to TF32, 10 bits of mantissa; GPUs only. */
    TF32,
    /** Operands of matrix products rounded to bfloat16. */
    BF16;

    /** Name on the command line: {@code fp32}, {@code tf32}, {@code bf16}. */
    public String option() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
