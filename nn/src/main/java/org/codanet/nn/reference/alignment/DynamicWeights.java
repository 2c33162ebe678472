package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/** The weights of one layer, A (P, r), B (P, r, D) and b (P, D) or null, and the dynamic weights that they give a patch. */
final class DynamicWeights {
    final DynamicAlignmentShape shape;
    final double[] a;
    final double[] b;
    final double[] bias;
    /** ‖B_j Aᵀ‖_F of each unit; WB only. */
    final double[] frobenius;
    /** AᵀA (r, r); WB only. */
    final double[] gramA;
    /** B_jᵀ B_j (D, r, r); WB only. */
    final double[] gramB;

    DynamicWeights(DynamicAlignmentShape shape, double[] a, double[] b, double[] bias) {
        this.shape = shape;
        this.a = a;
        this.b = b;
        this.bias = bias;
        boolean bounded = shape.norm() == Norm.WB;
        gramA = bounded ? gram(a, 1) : null;
        gramB = bounded ? gram(b, shape.units()) : null;
        frobenius = bounded ? frobenius() : null;
    }

    /** mᵀm of each of {@code units} matrices (P, r) that are interleaved as (P, r, units). */
    private double[] gram(double[] m, int units) {
        int rank = shape.rank();
        double[] gram = new double[units * rank * rank];
        for (int i = 0; i < shape.patch(); i++) {
            for (int row = 0; row < rank; row++) {
                for (int column = 0; column < rank; column++) {
                    for (int j = 0; j < units; j++) {
                        gram[(j * rank + row) * rank + column] +=
                                m[(i * rank + row) * units + j] * m[(i * rank + column) * units + j];
                    }
                }
            }
        }
        return gram;
    }

    /** ‖B_j Aᵀ‖_F² is the sum of the products of the entries of B_jᵀB_j and AᵀA. */
    private double[] frobenius() {
        double[] norms = new double[shape.units()];
        int square = shape.rank() * shape.rank();
        for (int j = 0; j < norms.length; j++) {
            double sum = 0;
            for (int i = 0; i < square; i++) {
                sum += gramB[j * square + i] * gramA[i];
            }
            norms[j] = Math.sqrt(Math.max(sum, 0));
        }
        return norms;
    }

    /** The dynamic weights at a position that sees the patch {@code p}. */
    At at(double[] p) {
        return new At(p);
    }

    /** Dynamic weights of all units at one position. */
    final class At {
        final double[] p;
        /** Aᵀp (r). */
        final double[] factors;
        /** w (P, D). */
        final double[] w;

        private final double[] q;
        private final double squaredPatch;

        private At(double[] p) {
            this.p = p;
            this.factors = factors();
            this.w = weights();
            this.q = new double[shape.units()];
            for (int i = 0; i < p.length; i++) {
                for (int j = 0; j < q.length; j++) {
                    double value = w[i * q.length + j];
                    q[j] += value * value;
                }
            }
            double sum = 0;
            for (double value : p) {
                sum += value * value;
            }
            squaredPatch = sum;
        }

        private double[] factors() {
            double[] sums = new double[shape.rank()];
            for (int i = 0; i < p.length; i++) {
                for (int rho = 0; rho < sums.length; rho++) {
                    sums[rho] += a[i * sums.length + rho] * p[i];
                }
            }
            return sums;
        }

        private double[] weights() {
            int units = shape.units();
            double[] sums = bias == null ? new double[p.length * units] : bias.clone();
            for (int i = 0; i < p.length; i++) {
                for (int rho = 0; rho < factors.length; rho++) {
                    for (int j = 0; j < units; j++) {
                        sums[i * units + j] += b[(i * factors.length + rho) * units + j] * factors[rho];
                    }
                }
            }
            return sums;
        }

        /** Squared norm of unit j's weight. */
        double q(int j) {
            return q[j];
        }

        /** ‖p‖². */
        double squaredPatch() {
            return squaredPatch;
        }

        /** w_j · m. */
        double product(int j, double[] m) {
            double sum = 0;
            for (int i = 0; i < m.length; i++) {
                sum += w[i * shape.units() + j] * m[i];
            }
            return sum;
        }

        /** What unit j's weight is multiplied by; 0 where it has no direction. */
        double f(int j) {
            return switch (shape.norm()) {
                case SQ -> Math.sqrt(q[j]) / (1 + q[j]);
                case L2 -> q[j] == 0 ? 0 : 1 / Math.sqrt(q[j]);
                case WB -> {
                    double bound = frobenius[j] * Math.sqrt(squaredPatch);
                    yield bound == 0 ? 0 : 1 / bound;
                }
            };
        }

        /** 2 ∂f/∂q of unit j; 0 where q is 0, and for WB, where f does not depend on q. */
        double twiceSlope(int j) {
            if (q[j] == 0) {
                return 0;
            }
            double n = Math.sqrt(q[j]);
            return switch (shape.norm()) {
                case SQ -> (1 - q[j]) / ((1 + q[j]) * (1 + q[j]) * n);
                case L2 -> -1 / (n * q[j]);
                case WB -> 0;
            };
        }

        /** Σ_j g_j f_j w_j (P). */
        double[] pullBack(double[] g) {
            double[] sums = new double[p.length];
            for (int j = 0; j < g.length; j++) {
                double factor = g[j] * f(j);
                for (int i = 0; i < p.length; i++) {
                    sums[i] += factor * w[i * g.length + j];
                }
            }
            return sums;
        }
    }
}
