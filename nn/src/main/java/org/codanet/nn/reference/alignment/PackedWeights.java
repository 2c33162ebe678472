package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/** The weights of one layer in double precision, and for WB what is derived from them. */
final class PackedWeights {
    final DynamicAlignmentShape shape;
    /** A (P, r). */
    final double[] a;
    /** B (P, r, D). */
    final double[] b;
    /** b (P, D); null without bias. */
    final double[] bias;
    /** F_j = ‖B_j Aᵀ‖_F of each unit; WB only. */
    final double[] frobenius;
    /** AᵀA (r, r); WB only. */
    final double[] gramOfA;
    /** G_j = B_jᵀ B_j (D, r, r); WB only. */
    final double[] gram;

    PackedWeights(DynamicAlignmentShape shape, double[] a, double[] b, double[] bias) {
        this.shape = shape;
        this.a = a;
        this.b = b;
        this.bias = bias;
        boolean bounded = shape.norm() == Norm.WB;
        gramOfA = bounded ? gram(a, 1) : null;
        gram = bounded ? gram(b, shape.units()) : null;
        frobenius = bounded ? frobenius() : null;
    }

    /** mᵀm of each of {@code units} matrices (P, r) that are interleaved as (P, r, units). */
    private double[] gram(double[] m, int units) {
        int rank = shape.rank();
        double[] products = new double[units * rank * rank];
        for (int i = 0; i < shape.patch(); i++) {
            for (int row = 0; row < rank; row++) {
                for (int column = 0; column < rank; column++) {
                    for (int j = 0; j < units; j++) {
                        products[(j * rank + row) * rank + column] +=
                                m[(i * rank + row) * units + j] * m[(i * rank + column) * units + j];
                    }
                }
            }
        }
        return products;
    }

    /** F_j² = ⟨G_j, AᵀA⟩. */
    private double[] frobenius() {
        double[] norms = new double[shape.units()];
        int square = shape.rank() * shape.rank();
        for (int j = 0; j < norms.length; j++) {
            double sum = 0;
            for (int i = 0; i < square; i++) {
                sum += gram[j * square + i] * gramOfA[i];
            }
            norms[j] = Math.sqrt(Math.max(sum, 0));
        }
        return norms;
    }
}
