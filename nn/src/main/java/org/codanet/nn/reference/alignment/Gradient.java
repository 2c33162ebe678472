package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.reference.op.ReferenceTensor;

/**
 * Sums over positions of the gradient of Σ_j g_j f_j t_j with t_j = w_j · m. With g' = g f and e = 2 ∂f/∂q g t,
 *
 * <pre>
 *   ∂/∂w_j = g'_j m + e_j w_j          ∂/∂b_j = ∂/∂w_j       ∂/∂B_j = (∂/∂w_j) aᵀ
 *   ∂/∂a   = Σ_j B_jᵀ ∂/∂w_j           ∂/∂A   = p (∂/∂a)ᵀ    ∂/∂p   = A ∂/∂a, and Σ_j g'_j w_j where m is p
 *   WB:  ∂f/∂p = −f p / ‖p‖²           ∂f/∂F_j = −f / F_j    ∂F_j/∂B_j = B_j AᵀA / F_j    ∂F_j/∂A = A B_jᵀB_j / F_j
 * </pre>
 */
final class Gradient {
    private final DynamicWeights weights;
    private final int patch;
    private final int rank;
    private final int units;
    private final double[] dA;
    private final double[] dB;
    private final double[] dBias;
    private final double[] dFrobenius;
    private final boolean ofWeights;

    Gradient(DynamicWeights weights) {
        this(weights, true);
    }

    /** A gradient that leaves out the weights. */
    static Gradient ofInput(DynamicWeights weights) {
        return new Gradient(weights, false);
    }

    private Gradient(DynamicWeights weights, boolean ofWeights) {
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

    /** Adds one position's part; returns ∂/∂p. @param ownPatch whether m is p itself, hence differentiated too */
    double[] add(DynamicWeights.At at, double[] m, boolean ownPatch, double[] g) {
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
        double[] dP = ownPatch ? at.pullBack(g) : new double[patch];
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

    private void addWeights(DynamicWeights.At at, double[] dW, double[] dFactors) {
        for (int i = 0; i < patch; i++) {
            for (int rho = 0; rho < rank; rho++) {
                for (int j = 0; j < units; j++) {
                    dB[(i * rank + rho) * units + j] += dW[i * units + j] * at.factors[rho];
                }
                dA[i * rank + rho] += at.p[i] * dFactors[rho];
            }
        }
        for (int i = 0; i < dW.length; i++) {
            dBias[i] += dW[i];
        }
    }

    private double[] dW(DynamicWeights.At at, double[] m, double[] g) {
        double[] dW = new double[patch * units];
        for (int j = 0; j < units; j++) {
            // Where the norm is zero the output is zero by definition, and nothing passes.
            double outer = g[j] * at.f(j);
            double along = at.twiceSlope(j) * g[j] * at.product(j, m);
            for (int i = 0; i < patch; i++) {
                dW[i * units + j] = outer * m[i] + along * at.w[i * units + j];
            }
        }
        return dW;
    }

    private void addBound(DynamicWeights.At at, double[] m, double[] g, double[] dP) {
        double sum = 0;
        for (int j = 0; j < units; j++) {
            double part = g[j] * at.f(j) * at.product(j, m);
            sum += part;
            if (weights.frobenius[j] > 0) {
                dFrobenius[j] -= part / weights.frobenius[j];
            }
        }
        if (at.squaredPatch() > 0) {
            for (int i = 0; i < patch; i++) {
                dP[i] -= sum * at.p[i] / at.squaredPatch();
            }
        }
    }

    /** Adds the sums to the gradients; {@code bias} may be null. */
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

    private void addFrobenius() {
        for (int j = 0; j < units; j++) {
            if (dFrobenius[j] == 0) {
                continue;
            }
            double factor = dFrobenius[j] / weights.frobenius[j];
            for (int i = 0; i < patch; i++) {
                for (int row = 0; row < rank; row++) {
                    for (int column = 0; column < rank; column++) {
                        dB[(i * rank + row) * units + j] += factor
                                * weights.b[(i * rank + column) * units + j]
                                * weights.gramA[column * rank + row];
                        dA[i * rank + row] +=
                                factor * weights.a[i * rank + column] * weights.gramB[(j * rank + column) * rank + row];
                    }
                }
            }
        }
    }
}
