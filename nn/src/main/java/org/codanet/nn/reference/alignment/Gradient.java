package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.reference.op.ReferenceTensor;

/**
 * The gradient of {@code Σ_j g_j f_j w_j · m}, summed over positions, by the formulas of {@link org.codanet.nn.op.alignment} but with
 * {@code ∂L/∂w_j = g'_j m + e_j w_j} formed.
 */
final class Gradient {
    private final PackedWeights weights;
    private final int patch;
    private final int rank;
    private final int units;
    private final boolean ofWeights;
    private final double[] dA;
    private final double[] dB;
    private final double[] dBias;
    private final double[] dFrobenius;

    /** @param ofWeights whether the gradients of the weights are wanted */
    Gradient(PackedWeights weights, boolean ofWeights) {
        this.weights = weights;
        this.ofWeights = ofWeights;
        this.patch = weights.shape.patch();
        this.rank = weights.shape.rank();
        this.units = weights.shape.units();
        this.dA = new double[patch * rank];
        this.dB = new double[patch * rank * units];
        this.dBias = new double[patch * units];
        this.dFrobenius = new double[units];
    }

    /** Adds one position's gradients of the weights; returns dp. @param ownPatch whether m is p itself and not a constant */
    double[] add(DynamicWeights at, double[] m, boolean ownPatch, double[] g) {
        double[] dW = dW(at, m, g);
        double[] dFactors = new double[rank];
        for (int i = 0; i < patch; i++) {
            for (int rho = 0; rho < rank; rho++) {
                double sum = 0;
                for (int j = 0; j < units; j++) {
                    sum += dW[i * units + j] * weights.b[(i * rank + rho) * units + j];
                }
                dFactors[rho] += sum;
            }
        }
        double[] dP = ownPatch ? at.backProject(g) : new double[patch];
        for (int i = 0; i < patch; i++) {
            for (int rho = 0; rho < rank; rho++) {
                dP[i] += weights.a[i * rank + rho] * dFactors[rho];
            }
        }
        if (weights.shape.norm() == Norm.WB) {
            addBound(at, m, g, dP);
        }
        if (ofWeights) {
            addWeights(at, dW, dFactors);
        }
        return dP;
    }

    /** ∂L/∂w_j = g'_j m + e_j w_j, (P, D). */
    private double[] dW(DynamicWeights at, double[] m, double[] g) {
        double[] dW = new double[patch * units];
        for (int j = 0; j < units; j++) {
            double scaled = g[j] * at.f(j);
            double e = at.e(j, m, g);
            for (int i = 0; i < patch; i++) {
                dW[i * units + j] = scaled * m[i] + e * at.w[i * units + j];
            }
        }
        return dW;
    }

    private void addWeights(DynamicWeights at, double[] dW, double[] dFactors) {
        for (int i = 0; i < patch; i++) {
            for (int rho = 0; rho < rank; rho++) {
                for (int j = 0; j < units; j++) {
                    dB[(i * rank + rho) * units + j] += dW[i * units + j] * at.a[rho];
                }
                dA[i * rank + rho] += at.p[i] * dFactors[rho];
            }
        }
        for (int i = 0; i < dW.length; i++) {
            dBias[i] += dW[i];
        }
    }

    /** WB: ∂L/∂F_j, and β p added to dp. */
    private void addBound(DynamicWeights at, double[] m, double[] g, double[] dP) {
        double sum = 0;
        for (int j = 0; j < units; j++) {
            double c = g[j] * at.f(j) * at.s(j, m);
            sum += c;
            if (weights.frobenius[j] > 0) {
                dFrobenius[j] -= c / weights.frobenius[j];
            }
        }
        if (at.squaredPatchNorm() > 0) {
            for (int i = 0; i < patch; i++) {
                dP[i] -= sum * at.p[i] / at.squaredPatchNorm();
            }
        }
    }

    /** Adds the sums to the gradients of the weights; {@code bias} may be null. */
    void addTo(ReferenceTensor a, ReferenceTensor b, ReferenceTensor bias) {
        if (weights.shape.norm() == Norm.WB) {
            addFrobenius();
        }
        for (int i = 0; i < dA.length; i++) {
            a.add(i, dA[i]);
        }
        for (int i = 0; i < dB.length; i++) {
            b.add(i, dB[i]);
        }
        for (int i = 0; bias != null && i < dBias.length; i++) {
            bias.add(i, dBias[i]);
        }
    }

    /** WB: adds α_j B_j AᵀA to dB_j and Σ_j α_j A G_j to dA. */
    private void addFrobenius() {
        for (int j = 0; j < units; j++) {
            if (dFrobenius[j] == 0) {
                continue;
            }
            double alpha = dFrobenius[j] / weights.frobenius[j];
            for (int i = 0; i < patch; i++) {
                for (int row = 0; row < rank; row++) {
                    for (int column = 0; column < rank; column++) {
                        dB[(i * rank + row) * units + j] += alpha
                                * weights.b[(i * rank + column) * units + j]
                                * weights.gramOfA[column * rank + row];
                        dA[i * rank + row] +=
                                alpha * weights.a[i * rank + column] * weights.gram[(j * rank + column) * rank + row];
                    }
                }
            }
        }
    }
}
