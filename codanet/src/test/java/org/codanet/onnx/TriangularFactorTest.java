package org.codanet.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TriangularFactorTest {
    @ParameterizedTest
    @CsvSource({"9, 4", "4, 4", "2, 5", "1, 1", "30, 1"})
    void keepsTheNormOfEveryProduct(int rows, int columns) {
        double[][] matrix = random(rows, columns);

        double[][] factor = TriangularFactor.of(copy(matrix));

        assertEquals(Math.min(rows, columns), factor.length);
        assertSameNorms(matrix, factor);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0", "1, 2"})
    void keepsItIfColumnsAreZeroOrEqual(int from, int to) {
        double[][] matrix = random(7, 3);
        matrix[to] = matrix[from].clone();
        assertSameNorms(matrix, TriangularFactor.of(copy(matrix)));
        matrix[to] = new double[7];
        assertSameNorms(matrix, TriangularFactor.of(copy(matrix)));
    }

    private static void assertSameNorms(double[][] columns, double[][] factor) {
        SplittableRandom random = new SplittableRandom(3);
        for (int trial = 0; trial < 5; trial++) {
            double[] v = random.doubles(columns.length, -1, 1).toArray();
            double expected = 0;
            for (int i = 0; i < columns[0].length; i++) {
                double entry = 0;
                for (int c = 0; c < v.length; c++) {
                    entry += columns[c][i] * v[c];
                }
                expected += entry * entry;
            }
            double actual = 0;
            for (double[] row : factor) {
                double entry = 0;
                for (int c = 0; c < v.length; c++) {
                    entry += row[c] * v[c];
                }
                actual += entry * entry;
            }
            assertEquals(expected, actual, 1e-12 * Math.max(1, expected));
        }
    }

    /** Columns of a matrix. */
    private static double[][] random(int rows, int columns) {
        SplittableRandom random = new SplittableRandom(rows * 100L + columns);
        double[][] matrix = new double[columns][];
        for (int c = 0; c < columns; c++) {
            matrix[c] = random.doubles(rows, -1, 1).toArray();
        }
        return matrix;
    }

    private static double[][] copy(double[][] matrix) {
        double[][] copy = new double[matrix.length][];
        for (int c = 0; c < matrix.length; c++) {
            copy[c] = matrix[c].clone();
        }
        return copy;
    }
}
