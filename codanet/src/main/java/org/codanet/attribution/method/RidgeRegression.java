package org.codanet.attribution.method;

/**
 * Weighted ridge regression with an intercept that is not penalised: minimises {@code Σ w (y − b − x·β)² + α |β|²}. Rows are added one by
 * one, and only their sums are stored.
 */
final class RidgeRegression {
    private final int features;
    private final int outputs;
    private final double[][] xx;
    private final double[][] xy;
    private final double[] x;
    private final double[] y;
    private double weights;

    /** A regression of several outputs on the same features. */
    RidgeRegression(int features, int outputs) {
        this.features = features;
        this.outputs = outputs;
        this.xx = new double[features][features];
        this.xy = new double[features][outputs];
        this.x = new double[features];
        this.y = new double[outputs];
    }

    /** Adds a row: its features, its outputs and its weight. */
    void add(double[] row, double[] values, double weight) {
        weights += weight;
        for (int i = 0; i < features; i++) {
            x[i] += weight * row[i];
            for (int j = 0; j < features; j++) {
                xx[i][j] += weight * row[i] * row[j];
            }
            for (int k = 0; k < outputs; k++) {
                xy[i][k] += weight * row[i] * values[k];
            }
        }
        for (int k = 0; k < outputs; k++) {
            y[k] += weight * values[k];
        }
    }

    /** {@return β for each output, (outputs, features)} */
    double[][] coefficients(double alpha) {
        double[][] matrix = new double[features][features];
        double[][] right = new double[features][outputs];
        for (int i = 0; i < features; i++) {
            for (int j = 0; j < features; j++) {
                matrix[i][j] = xx[i][j] - x[i] * x[j] / weights + (i == j ? alpha : 0);
            }
            for (int k = 0; k < outputs; k++) {
                right[i][k] = xy[i][k] - x[i] * y[k] / weights;
            }
        }
        cholesky(matrix);
        double[][] result = new double[outputs][features];
        for (int k = 0; k < outputs; k++) {
            for (int i = 0; i < features; i++) {
                double sum = right[i][k];
                for (int j = 0; j < i; j++) {
                    sum -= matrix[i][j] * result[k][j];
                }
                result[k][i] = sum / matrix[i][i];
            }
            for (int i = features - 1; i >= 0; i--) {
                double sum = result[k][i];
                for (int j = i + 1; j < features; j++) {
                    sum -= matrix[j][i] * result[k][j];
                }
                result[k][i] = sum / matrix[i][i];
            }
        }
        return result;
    }

    /** Replaces the lower triangle of a positive definite matrix by its Cholesky factor. */
    private static void cholesky(double[][] matrix) {
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = matrix[i][j];
                for (int l = 0; l < j; l++) {
                    sum -= matrix[i][l] * matrix[j][l];
                }
                matrix[i][j] = i == j ? Math.sqrt(sum) : sum / matrix[j][j];
            }
        }
    }
}
