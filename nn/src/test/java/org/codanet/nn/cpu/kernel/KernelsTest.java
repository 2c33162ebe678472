package org.codanet.nn.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.codanet.nn.op.Adam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares both implementations of the kernels with the formulas in double precision. Operands are at odd offsets with gaps between their
 * rows, and elements outside a result must not change. The tolerance is the float32 rounding of sums of a few hundred terms below 1.
 */
public final class KernelsTest {
    private static final double TOLERANCE = 2e-5;
    private static final float GUARD = 12345;

    private final Random random = new Random(7);

    /** All implementations. If this JVM or processor does not support the vector kernels, they are left out and a message is printed. */
    public static Stream<Kernels> kernels() {
        KernelSelection selection = KernelSelection.of(false);
        if (!selection.reason().isEmpty()) {
            System.err.println("KernelsTest: the vector loops are not tested: " + selection.reason());
            return Stream.of(selection.kernels());
        }
        return Stream.of(selection.kernels(), new PlainKernels());
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return values;
    }

    private static double[] doubles(float[] values) {
        double[] copy = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            copy[i] = values[i];
        }
        return copy;
    }

    private static void assertClose(double[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            double allowed = TOLERANCE * Math.max(1, Math.abs(expected[i]));
            assertTrue(
                    Math.abs(expected[i] - actual[i]) <= allowed,
                    "index " + i + ": expected " + expected[i] + ", is " + actual[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void productIsTheMatrixProduct(Kernels kernels) {
        for (int width = 1; width <= 2; width++) {
            for (int k : new int[] {1, 7, 64}) {
                for (boolean add : new boolean[] {false, true}) {
                    int n = width * kernels.lanes();
                    int lda = k + 3;
                    float[] a = values(5 + Kernels.ROWS * lda);
                    float[] b = values(2 + k * n);
                    float[] c = values(9 + Kernels.ROWS * n + 4);
                    double[] expected = doubles(c);
                    for (int i = 0; i < Kernels.ROWS; i++) {
                        for (int j = 0; j < n; j++) {
                            double sum = add ? c[9 + i * n + j] : 0;
                            for (int p = 0; p < k; p++) {
                                sum += (double) a[5 + i * lda + p] * b[2 + p * n + j];
                            }
                            expected[9 + i * n + j] = sum;
                        }
                    }
                    kernels.product(a, 5, lda, b, 2, width, c, 9, k, add);
                    assertClose(expected, c);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void productTransposedAddsTheProductWithTheTransposed(Kernels kernels) {
        for (int width = 1; width <= 2; width++) {
            for (int k : new int[] {1, 7, 64}) {
                int n = width * kernels.lanes();
                int lda = Kernels.ROWS + 3;
                int ldb = n + 5;
                float[] a = values(1 + k * lda);
                float[] b = values(3 + k * ldb);
                float[] c = values(9 + Kernels.ROWS * n + 4);
                double[] expected = doubles(c);
                for (int i = 0; i < Kernels.ROWS; i++) {
                    for (int j = 0; j < n; j++) {
                        for (int p = 0; p < k; p++) {
                            expected[9 + i * n + j] += (double) a[1 + p * lda + i] * b[3 + p * ldb + j];
                        }
                    }
                }
                kernels.productTransposed(a, 1, lda, b, 3, ldb, width, c, 9, k);
                assertClose(expected, c);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void scaleAddScalesEachRowByItsOwnFactor(Kernels kernels) {
        int lanes = kernels.lanes();
        int rows = 5;
        int ldu = lanes + 1;
        int lds = lanes + 2;
        float[] u = values(3 + rows * ldu);
        float[] a = values(4 + rows * 7);
        float[] s = values(5 + rows * lds);
        double[] expected = doubles(s);
        for (int i = 0; i < rows; i++) {
            for (int lane = 0; lane < lanes; lane++) {
                expected[5 + i * lds + lane] += (double) a[4 + i * 7] * u[3 + i * ldu + lane];
            }
        }
        kernels.scaleAdd(u, 3, ldu, a, 4, 7, s, 5, lds, rows);
        assertClose(expected, s);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void axpyAndDotAcceptAnyCount(Kernels kernels) {
        // Lengths near one and two vectors of 8 and of 16 lanes, where a wrong tail would be noticed.
        for (int count : new int[] {0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
            float[] a = values(count + 5);
            float[] c = values(count + 6);
            double[] expected = doubles(c);
            double dot = 0;
            for (int i = 0; i < count; i++) {
                dot += (double) a[2 + i] * c[3 + i];
                expected[3 + i] += 0.7f * (double) a[2 + i];
            }
            assertEquals(dot, kernels.dot(a, 2, c, 3, count), TOLERANCE, "dot of " + count);
            kernels.axpy(0.7f, a, 2, c, 3, count);
            assertClose(expected, c);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void applyWeightsAddsTheUnitsOfEachTarget(Kernels kernels) {
        for (int width = 1; width <= 2; width++) {
            // Fewer targets than are computed together, as many, and more. CIFAR-10 has ten.
            for (int classes : new int[] {1, 4, 5, 7, 10}) {
                int units = 9;
                int n = width * kernels.lanes();
                float[] g = values(1 + classes * (units + 2));
                float[] w = values(2 + units * (n + 3));
                float[] out = values(3 + classes * (n + 1));
                double[] expected = doubles(out);
                for (int q = 0; q < classes; q++) {
                    for (int i = 0; i < n; i++) {
                        for (int j = 0; j < units; j++) {
                            expected[3 + q * (n + 1) + i] +=
                                    (double) g[1 + q * (units + 2) + j] * w[2 + j * (n + 3) + i];
                        }
                    }
                }
                TargetExtents extents = new TargetExtents(classes, units, width, units + 2, n + 3, n + 1);
                kernels.applyWeights(g, 1, w, 2, out, 3, extents);
                assertClose(expected, out);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void adamAgreesWithItsFormula(Kernels kernels) {
        Adam.Step step = new Adam.Step(1e-3, 0.9, 0.999, 1e-8, 1e-2, 3, 0);
        for (int count : new int[] {1, 15, 16, 17, 100}) {
            float[] value = values(count + 2);
            float[] gradient = values(count + 2);
            float[] mean = values(count + 2);
            float[] variance = values(count + 2);
            for (int i = 0; i < variance.length; i++) {
                variance[i] = Math.abs(variance[i]);
            }
            double[] newValue = doubles(value);
            double[] newMean = doubles(mean);
            double[] newVariance = doubles(variance);
            for (int i = 0; i < count; i++) {
                double g = 0.25 * gradient[i] + 1e-2 * value[i];
                newMean[i] = 0.9 * mean[i] + (1 - 0.9) * g;
                newVariance[i] = 0.999 * variance[i] + (1 - 0.999) * g * g;
                double m = newMean[i] / (1 - Math.pow(0.9, 3));
                double v = newVariance[i] / (1 - Math.pow(0.999, 3));
                newValue[i] -= 1e-3 * m / (Math.sqrt(v) + 1e-8);
            }
            kernels.adam(value, gradient, mean, variance, count, AdamFactors.of(step, 0.25));
            assertClose(newValue, value);
            assertClose(newMean, mean);
            assertClose(newVariance, variance);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void scaleWritesOneVector(Kernels kernels) {
        int lanes = kernels.lanes();
        float[] a = values(lanes + 3);
        float[] out = values(lanes + 5);
        double[] expected = doubles(out);
        for (int lane = 0; lane < lanes; lane++) {
            expected[2 + lane] = -0.3f * (double) a[1 + lane];
        }
        kernels.scale(-0.3f, a, 1, out, 2);
        assertClose(expected, out);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void pairProductsListsTheUpperTriangleByRows(Kernels kernels) {
        int lanes = kernels.lanes();
        // Ranks below, equal to and above the vector length; all rows and some of them.
        for (int slots : new int[] {1, 5, 8, 17, 33}) {
            for (int[] rows : new int[][] {{0, slots}, {slots / 2, slots}, {0, (slots + 1) / 2}}) {
                float[] a = values(lanes + slots + lanes);
                int pairs = 0;
                for (int row = rows[0]; row < rows[1]; row++) {
                    pairs += slots - row;
                }
                float[] z = new float[lanes + pairs + lanes];
                kernels.pairProducts(a, lanes, rows[0], rows[1], slots, z, lanes);
                int at = lanes;
                for (int row = rows[0]; row < rows[1]; row++) {
                    for (int column = row; column < slots; column++) {
                        assertEquals(a[lanes + row] * a[lanes + column], z[at++], "pair " + row + ", " + column);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void laneSumsAddsTheDotProductOfEachRow(Kernels kernels) {
        int lanes = kernels.lanes();
        int rows = 6;
        float[] u = values(1 + rows * (lanes + 2));
        float[] g = values(2 + rows * (lanes + 1));
        float[] out = values(3 + rows * 5);
        double[] expected = doubles(out);
        for (int i = 0; i < rows; i++) {
            for (int lane = 0; lane < lanes; lane++) {
                expected[3 + i * 5] += (double) u[1 + i * (lanes + 2) + lane] * g[2 + i * (lanes + 1) + lane];
            }
        }
        kernels.laneSums(u, 1, lanes + 2, g, 2, lanes + 1, out, 3, 5, rows);
        assertClose(expected, out);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void sumsHaveTheSameBitsBeforeAndAfterCompilation(Kernels kernels) {
        int lanes = kernels.lanes();
        int count = 7 * lanes + 3;
        float[] a = values(count);
        float[] b = values(count);
        float dot = kernels.dot(a, 0, b, 0, count);
        float[] sums = new float[7];
        kernels.laneSums(a, 0, lanes, b, 0, lanes, sums, 0, 1, 7);
        // Enough calls for both JIT compilers to compile the method.
        for (int call = 0; call < 30_000; call++) {
            assertEquals(dot, kernels.dot(a, 0, b, 0, count), "call " + call);
            float[] again = new float[7];
            kernels.laneSums(a, 0, lanes, b, 0, lanes, again, 0, 1, 7);
            assertArrayEquals(sums, again, "call " + call);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void laneGramAddsTheGramMatrixOfEachLane(Kernels kernels) {
        int lanes = kernels.lanes();
        int rows = 9;
        for (int slots : new int[] {1, 4, 7, 32}) {
            float[] b = values(rows * slots * lanes);
            int ldo = lanes + 3;
            float[] out = values(2 + slots * (slots + 1) / 2 * ldo);
            double[] expected = doubles(out);
            for (int lane = 0; lane < lanes; lane++) {
                int pair = 0;
                for (int p = 0; p < slots; p++) {
                    for (int q = p; q < slots; q++) {
                        for (int i = 0; i < rows; i++) {
                            expected[2 + pair * ldo + lane] +=
                                    (double) b[(i * slots + p) * lanes + lane] * b[(i * slots + q) * lanes + lane];
                        }
                        pair++;
                    }
                }
            }
            kernels.laneGram(b, 0, rows, slots, out, 2, ldo);
            assertClose(expected, out);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void laneProductMultipliesByTheMatrixOfEachLane(Kernels kernels) {
        int lanes = kernels.lanes();
        int rows = 5;
        for (int slots : new int[] {1, 4, 7, 32}) {
            float[] b = values(rows * slots * lanes);
            float[] m = values(slots * slots * lanes);
            float[] out = new float[rows * slots * lanes + 1];
            Arrays.fill(out, GUARD);
            double[] expected = new double[out.length];
            for (int i = 0; i < rows; i++) {
                for (int p = 0; p < slots; p++) {
                    for (int q = 0; q < slots; q++) {
                        for (int lane = 0; lane < lanes; lane++) {
                            expected[(i * slots + p) * lanes + lane] +=
                                    (double) b[(i * slots + q) * lanes + lane] * m[(q * slots + p) * lanes + lane];
                        }
                    }
                }
            }
            expected[out.length - 1] = GUARD;
            kernels.laneProduct(b, 0, m, 0, out, 0, rows, slots);
            assertClose(expected, out);
        }
    }
}
