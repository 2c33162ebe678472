package org.codanet.nn.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests Winograd's transforms F(2×2, 3×3) against the three matrices of Lavin and Gray, CVPR 2016, section 4.1. Tests their adjoints
 * against the transposed matrices, and all transforms together against a correlation.
 */
final class WinogradKernelsTest {
    private static final double TOLERANCE = 1e-5;

    /** Output transform: Aᵀ. */
    private static final double[][] AT = {{1, 1, 1, 0}, {0, 1, -1, -1}};

    /** Input transform: Bᵀ. */
    private static final double[][] BT = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};

    /** Weight transform. */
    private static final double[][] G = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

    private final Random random = new Random(11);

    static Stream<Kernels> kernels() {
        return KernelsTest.kernels();
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return values;
    }

    /** {@code t · x · tᵀ}, where x is square and row-major. */
    private static double[] around(double[][] t, double[] x) {
        int rows = t.length;
        int inner = t[0].length;
        double[] result = new double[rows * rows];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < rows; j++) {
                for (int p = 0; p < inner; p++) {
                    for (int q = 0; q < inner; q++) {
                        result[i * rows + j] += t[i][p] * x[p * inner + q] * t[j][q];
                    }
                }
            }
        }
        return result;
    }

    private static double[][] transposed(double[][] t) {
        double[][] result = new double[t[0].length][t.length];
        for (int i = 0; i < t.length; i++) {
            for (int j = 0; j < t[0].length; j++) {
                result[j][i] = t[i][j];
            }
        }
        return result;
    }

    /** Every {@code stride}-th value from index {@code from} on. */
    private static double[] lane(float[] values, int from, int stride, int count) {
        double[] result = new double[count];
        for (int i = 0; i < count; i++) {
            result[i] = values[from + i * stride];
        }
        return result;
    }

    /**
     * Channel {@code c} of the 4×4 window of an image whose rows are {@code ldr} floats apart and whose pixels are {@code ldp} floats
     * apart.
     */
    private static double[] window(float[] image, int at, int ldr, int ldp, int c) {
        double[] result = new double[16];
        for (int i = 0; i < 16; i++) {
            result[i] = image[at + i / 4 * ldr + i % 4 * ldp + c];
        }
        return result;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void inputTransformAgreesWithItsMatrix(Kernels kernels) {
        int channels = 2 * kernels.lanes();
        int ldp = channels + 3;
        int ldr = 5 * ldp;
        int ldf = channels + 1;
        float[] image = values(7 + 4 * ldr);
        float[] out = new float[2 + 16 * ldf];
        double[][] expected = new double[channels][];
        for (int c = 0; c < channels; c++) {
            expected[c] = around(BT, window(image, 7, ldr, ldp, c));
        }
        kernels.winogradInput(image, 7, ldr, ldp, out, 2, ldf, channels);
        for (int c = 0; c < channels; c++) {
            assertClose(expected[c], lane(out, 2 + c, ldf, 16));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void inputAdjointAddsTheTransposedTransform(Kernels kernels) {
        int channels = 2 * kernels.lanes();
        int ldp = channels + 3;
        int ldr = 5 * ldp;
        int ldf = channels + 1;
        float[] in = values(2 + 16 * ldf);
        float[] image = values(7 + 4 * ldr);
        double[][] expected = new double[channels][];
        for (int c = 0; c < channels; c++) {
            expected[c] = around(transposed(BT), lane(in, 2 + c, ldf, 16));
            double[] before = window(image, 7, ldr, ldp, c);
            for (int i = 0; i < 16; i++) {
                expected[c][i] += before[i];
            }
        }
        kernels.winogradInputAdjoint(in, 2, ldf, image, 7, ldr, ldp, channels);
        for (int c = 0; c < channels; c++) {
            assertClose(expected[c], window(image, 7, ldr, ldp, c));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void weightTransformAndItsAdjointAgreeWithTheirMatrix(Kernels kernels) {
        int lanes = kernels.lanes();
        int ldt = lanes + 2;
        int ldf = lanes + 5;
        float[] taps = values(1 + 9 * ldt);
        float[] frequencies = new float[3 + 16 * ldf];
        kernels.winogradWeight(taps, 1, ldt, frequencies, 3, ldf);
        for (int lane = 0; lane < lanes; lane++) {
            assertClose(around(G, lane(taps, 1 + lane, ldt, 9)), lane(frequencies, 3 + lane, ldf, 16));
        }
        float[] gradient = values(3 + 16 * ldf);
        double[][] expected = new double[lanes][];
        for (int lane = 0; lane < lanes; lane++) {
            expected[lane] = around(transposed(G), lane(gradient, 3 + lane, ldf, 16));
        }
        float[] tapGradient = values(1 + 9 * ldt);
        kernels.winogradWeightAdjoint(gradient, 3, ldf, tapGradient, 1, ldt);
        for (int lane = 0; lane < lanes; lane++) {
            assertClose(expected[lane], lane(tapGradient, 1 + lane, ldt, 9));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void outputTransformScoresAndStores(Kernels kernels) {
        int lanes = kernels.lanes();
        int rows = Kernels.ROWS;
        int lda = 6;
        int lds = lanes + 2;
        int ldo = lanes + 3;
        float[] m = values(16 * rows * 2 * lanes);
        float[] a = values(1 + 4 * rows * lda);
        float[] before = values(5 + 4 * rows * lds);
        for (int vector = 0; vector < 2; vector++) {
            float[] s = before.clone();
            float[] out = values(4 + 4 * rows * ldo);
            kernels.winogradOutput(m, vector, a, 1, lda, s, 5, lds);
            kernels.winogradOutput(m, vector, null, 0, 0, out, 4, ldo);
            float[] scoredAfterwards = before.clone();
            kernels.scaleAdd(out, 4, ldo, a, 1, lda, scoredAfterwards, 5, lds, 4 * rows);
            for (int row = 0; row < rows; row++) {
                for (int lane = 0; lane < lanes; lane++) {
                    double[] u = around(AT, lane(m, (2 * row + vector) * lanes + lane, rows * 2 * lanes, 16));
                    for (int sub = 0; sub < 4; sub++) {
                        int position = 4 * row + sub;
                        assertEquals(u[sub], out[4 + position * ldo + lane], TOLERANCE);
                        int at = 5 + position * lds + lane;
                        double score = before[at] + a[1 + position * lda] * u[sub];
                        assertEquals(score, s[at], TOLERANCE);
                        assertEquals(s[at], scoredAfterwards[at], "stored and then scored: the same bits");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void expandIsTheAdjointOfTheOutputTransform(Kernels kernels) {
        int lanes = kernels.lanes();
        int ldg = lanes + 2;
        int lda = 3;
        int ldf = lanes + 1;
        float[] g = values(1 + 4 * ldg);
        float[] a = values(2 + 4 * lda);
        float[] out = new float[3 + 16 * ldf];
        float[] plain = new float[3 + 16 * ldf];
        kernels.winogradExpand(g, 1, ldg, a, 2, lda, out, 3, ldf);
        kernels.winogradExpand(g, 1, ldg, null, 0, 0, plain, 3, ldf);
        for (int lane = 0; lane < lanes; lane++) {
            double[] gradient = lane(g, 1 + lane, ldg, 4);
            assertClose(around(transposed(AT), gradient), lane(plain, 3 + lane, ldf, 16));
            for (int sub = 0; sub < 4; sub++) {
                gradient[sub] *= a[2 + sub * lda];
            }
            assertClose(around(transposed(AT), gradient), lane(out, 3 + lane, ldf, 16));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void togetherTheyAreTheCorrelationOfAWindowWithTheTaps(Kernels kernels) {
        int lanes = kernels.lanes();
        float[] image = values(16 * lanes);
        float[] taps = values(9 * lanes);
        float[] frequencies = new float[16 * lanes];
        float[] weights = new float[16 * lanes];
        double[] expected = new double[4 * lanes];
        for (int i = 0; i < expected.length; i++) {
            int position = i / lanes;
            for (int tap = 0; tap < 9; tap++) {
                int pixel = (position / 2 + tap / 3) * 4 + position % 2 + tap % 3;
                expected[i] += (double) image[pixel * lanes + i % lanes] * taps[tap * lanes + i % lanes];
            }
        }
        kernels.winogradInput(image, 0, 4 * lanes, lanes, frequencies, 0, lanes, lanes);
        kernels.winogradWeight(taps, 0, lanes, weights, 0, lanes);
        // Only the first vector of the first row of each tile is set. The others are zero.
        float[] products = new float[16 * Kernels.ROWS * 2 * lanes];
        for (int i = 0; i < frequencies.length; i++) {
            products[i / lanes * Kernels.ROWS * 2 * lanes + i % lanes] = frequencies[i] * weights[i];
        }
        float[] out = new float[4 * Kernels.ROWS * lanes];
        kernels.winogradOutput(products, 0, null, 0, 0, out, 0, lanes);
        assertClose(expected, lane(out, 0, 1, expected.length));
    }

    private static void assertClose(double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], TOLERANCE, "index " + i);
        }
    }
}
