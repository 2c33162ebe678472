package org.codanet.onnx;

/**
 * A small matrix R with ‖R v‖ = ‖M v‖ for every v: the triangular factor of M = Q R, by Householder reflections in double precision.
 *
 * <p>The squared norm of a dynamic weight B a + b is then a sum of at most r + 1 squares. The quadratic form with the Gram matrix
 * MᵀM has the same value, but its terms cancel where the norm is small.
 */
final class TriangularFactor {
    private TriangularFactor() {}

    /**
     * R of a matrix.
     *
     * @param columns the columns of M, which are overwritten; each has P entries
     * @return the rows of R: as many as M has columns, or P if that is fewer
     */
    static double[][] of(double[][] columns) {
        int rows = columns[0].length;
        int count = columns.length;
        if (rows > count) {
            for (int k = 0; k < count; k++) {
                reflect(columns, k);
            }
        }
        // A matrix with few rows is its own factor.
        double[][] factor = new double[Math.min(rows, count)][count];
        for (int i = 0; i < factor.length; i++) {
            for (int c = 0; c < count; c++) {
                factor[i][c] = columns[c][i];
            }
        }
        return factor;
    }

    /** Reflects all columns so that column {@code k} becomes zero below the diagonal. */
    private static void reflect(double[][] columns, int k) {
        double[] pivot = columns[k];
        double squares = 0;
        for (int i = k; i < pivot.length; i++) {
            squares += pivot[i] * pivot[i];
        }
        if (squares == 0) {
            return;
        }
        double[] v = pivot.clone();
        v[k] += Math.copySign(Math.sqrt(squares), v[k]);
        double length = 0;
        for (int i = k; i < v.length; i++) {
            length += v[i] * v[i];
        }
        for (int c = k; c < columns.length; c++) {
            double product = 0;
            for (int i = k; i < v.length; i++) {
                product += v[i] * columns[c][i];
            }
            double factor = 2 * product / length;
            for (int i = k; i < v.length; i++) {
                columns[c][i] -= factor * v[i];
            }
        }
        for (int i = k + 1; i < pivot.length; i++) {
            pivot[i] = 0;
        }
    }
}
