package org.codanet.attribution.method;

/** Nodes and weights of a quadrature on [0, 1]. */
final class Quadrature {
    private final double[] nodes;
    private final double[] weights;

    private Quadrature(double[] nodes, double[] weights) {
        this.nodes = nodes;
        this.weights = weights;
    }

    /**
     * {@return the Gauss-Legendre quadrature, exact for polynomials up to degree 2 count - 1, with nodes in ascending order}
     *
     * <p>The nodes are the roots of the Legendre polynomial of that degree, found by Newton's method.
     */
    static Quadrature gaussLegendre(int count) {
        double[] nodes = new double[count];
        double[] weights = new double[count];
        for (int i = 0; i < count; i++) {
            double x = -Math.cos(Math.PI * (i + 0.75) / (count + 0.5));
            double slope = 0;
            for (int iteration = 0; iteration < 100; iteration++) {
                double below = 0;
                double value = 1;
                for (int degree = 1; degree <= count; degree++) {
                    double next = ((2 * degree - 1) * x * value - (degree - 1) * below) / degree;
                    below = value;
                    value = next;
                }
                slope = count * (x * value - below) / (x * x - 1);
                double step = value / slope;
                x -= step;
                if (Math.abs(step) < 1e-15) {
                    break;
                }
            }
            nodes[i] = (1 + x) / 2;
            weights[i] = 1 / ((1 - x * x) * slope * slope);
        }
        return new Quadrature(nodes, weights);
    }

    /** {@return node i, in (0, 1)} */
    double node(int i) {
        return nodes[i];
    }

    /** {@return the weight of node i; all weights add up to 1} */
    double weight(int i) {
        return weights[i];
    }
}
