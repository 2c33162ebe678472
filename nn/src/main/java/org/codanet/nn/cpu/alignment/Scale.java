package org.codanet.nn.cpu.alignment;

import org.codanet.nn.op.alignment.Norm;

/** The scale f that bounds a score, and e, the term of the gradient that comes from the dependence of f on q. */
final class Scale {
    private final Norm norm;
    private final Columns columns;
    private final PackedWeights packed;

    Scale(Plan plan, PackedWeights packed) {
        this.norm = plan.shape().norm();
        this.columns = plan.columns();
        this.packed = packed;
    }

    /** {@code out_j = s_j f_j} at every position. The arrays are (positions, unit lanes); {@code s} and {@code out} may be the same. */
    void apply(float[] q, float[] s, float[] out, int positions) {
        int count = positions * columns.unitLanes();
        switch (norm) {
            case SQ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = s[i] * ((float) Math.sqrt(q[i]) / (1 + q[i]));
                }
            }
            case L2 -> {
                for (int i = 0; i < count; i++) {
                    out[i] = q[i] == 0 ? 0 : s[i] / (float) Math.sqrt(q[i]);
                }
            }
            case WB -> {
                float[] frobenius = packed.frobenius();
                for (int i = 0; i < count; i++) {
                    float bound = frobenius[i % columns.unitLanes()] * (float) Math.sqrt(q[i]);
                    out[i] = bound == 0 ? 0 : s[i] / bound;
                }
            }
        }
    }

    /** {@code e_j = 2 g_j s_j ∂f_j/∂q_j} for SQ and L2, written from {@code offset} on; 0 where q is 0. */
    void e(float[] q, float[] s, float[] g, float[] e, int offset, int count) {
        if (norm == Norm.SQ) {
            for (int i = 0; i < count; i++) {
                float n = (float) Math.sqrt(q[i]);
                float d = 1 + q[i];
                e[offset + i] = q[i] > 0 ? g[i] * s[i] * (1 - q[i]) / (d * d * n) : 0;
            }
        } else {
            for (int i = 0; i < count; i++) {
                float n = (float) Math.sqrt(q[i]);
                e[offset + i] = q[i] > 0 ? -g[i] * s[i] / (n * q[i]) : 0;
            }
        }
    }
}
