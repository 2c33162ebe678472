package org.codanet.nn.reference.alignment;

/** The dynamic weights of all units at one position, with their norms and scales. */
final class DynamicWeights {
    private final PackedWeights weights;
    private final int units;
    private final double[] q;
    private final double squaredPatchNorm;

    /** The patch (P). */
    final double[] p;
    /** The factors a = Aᵀ p (r). */
    final double[] a;
    /** w (P, D). */
    final double[] w;

    DynamicWeights(PackedWeights weights, double[] p) {
        this.weights = weights;
        this.units = weights.shape.units();
        this.p = p;
        this.a = factors();
        this.w = dynamicWeights();
        this.q = new double[units];
        for (int i = 0; i < p.length; i++) {
            for (int j = 0; j < units; j++) {
                double value = w[i * units + j];
                q[j] += value * value;
            }
        }
        double sum = 0;
        for (double value : p) {
            sum += value * value;
        }
        squaredPatchNorm = sum;
    }

    private double[] factors() {
        double[] sums = new double[weights.shape.rank()];
        for (int i = 0; i < p.length; i++) {
            for (int rho = 0; rho < sums.length; rho++) {
                sums[rho] += weights.a[i * sums.length + rho] * p[i];
            }
        }
        return sums;
    }

    private double[] dynamicWeights() {
        double[] sums = weights.bias == null ? new double[p.length * units] : weights.bias.clone();
        for (int i = 0; i < p.length; i++) {
            for (int rho = 0; rho < a.length; rho++) {
                for (int j = 0; j < units; j++) {
                    sums[i * units + j] += weights.b[(i * a.length + rho) * units + j] * a[rho];
                }
            }
        }
        return sums;
    }

    /** ‖p‖². */
    double squaredPatchNorm() {
        return squaredPatchNorm;
    }

    /** The score s_j = w_j · m, where m is the own patch or that of another input. */
    double s(int j, double[] m) {
        double sum = 0;
        for (int i = 0; i < m.length; i++) {
            sum += w[i * units + j] * m[i];
        }
        return sum;
    }

    /** The scale f_j; 0 where it would divide by 0. */
    double f(int j) {
        return switch (weights.shape.norm()) {
            case SQ -> Math.sqrt(q[j]) / (1 + q[j]);
            case L2 -> q[j] == 0 ? 0 : 1 / Math.sqrt(q[j]);
            case WB -> {
                double bound = weights.frobenius[j] * Math.sqrt(squaredPatchNorm);
                yield bound == 0 ? 0 : 1 / bound;
            }
        };
    }

    /** e_j = 2 g_j s_j ∂f_j/∂q_j; 0 where q_j is 0, and for WB, where f does not depend on q. */
    double e(int j, double[] m, double[] g) {
        if (q[j] == 0) {
            return 0;
        }
        double n = Math.sqrt(q[j]);
        double twiceSlope = switch (weights.shape.norm()) {
            case SQ -> (1 - q[j]) / ((1 + q[j]) * (1 + q[j]) * n);
            case L2 -> -1 / (n * q[j]);
            case WB -> 0;
        };
        return twiceSlope * g[j] * s(j, m);
    }

    /** The back-projection Σ_j g_j f_j w_j (P) of the values g at the outputs. */
    double[] backProject(double[] g) {
        double[] sums = new double[p.length];
        for (int j = 0; j < g.length; j++) {
            double scaled = g[j] * f(j);
            for (int i = 0; i < p.length; i++) {
                sums[i] += scaled * w[i * g.length + j];
            }
        }
        return sums;
    }
}
