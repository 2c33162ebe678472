package org.codanet.nn.cpu.kernel.bf16;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.codanet.bindings.testing.Skip;
import org.codanet.nn.cpu.Processor;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.PlainKernels;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the machine code with plain Java on the same rounded values. Arrays have additional elements, which must not be written. */
final class Bfloat16CodeTest {
    private static final int LANES = Bfloat16Code.LANES;

    /** Marks elements that must not be written. */
    private static final float UNTOUCHED = 77;

    private final Random random = new Random(5);

    @BeforeAll
    static void needsTheInstructions() {
        Processor processor = Processor.here();
        Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
        assertEquals("", Bfloat16Code.refused());
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return values;
    }

    private static float[] untouched(int count) {
        float[] values = new float[count];
        java.util.Arrays.fill(values, UNTOUCHED);
        return values;
    }

    /** Rounds to nearest, ties to even, by comparing the distances to both neighbours in double precision. */
    private static float rounded(float value) {
        float below = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
        float above = Float.intBitsToFloat((Float.floatToRawIntBits(value) & 0xffff0000) + 0x10000);
        double down = Math.abs((double) value - below);
        double up = Math.abs((double) above - value);
        boolean even = (Float.floatToRawIntBits(below) >> 16) % 2 == 0;
        return down < up || down == up && even ? below : above;
    }

    /** Number {@code i} of an array in which each element holds two numbers. */
    private static float number(float[] pairs, int i) {
        int bits = Float.floatToRawIntBits(pairs[i / 2]);
        return Float.intBitsToFloat(i % 2 == 0 ? bits << 16 : bits & 0xffff0000);
    }

    private static float[] packed(float[] values) {
        float[] pairs = new float[values.length / 2];
        for (int i = 0; i < pairs.length; i++) {
            int low = Float.floatToRawIntBits(rounded(values[2 * i])) >>> 16;
            pairs[i] = Float.intBitsToFloat(Float.floatToRawIntBits(rounded(values[2 * i + 1])) | low);
        }
        return pairs;
    }

    @Test
    void roundsToNearestWithTiesToEven() {
        float[] special = {
            1 + 1f / 256,
            1 + 3f / 256,
            -1 - 1f / 256,
            1 + 1f / 256 + 1e-6f,
            0,
            -0f,
            3e38f,
            -3e38f,
            Float.POSITIVE_INFINITY
        };
        float[] in = values(4 * LANES);
        System.arraycopy(special, 0, in, LANES, special.length);
        float[] out = untouched(3 * LANES);
        Bfloat16Code.round(in, LANES, out, 5, 2 * LANES);
        for (int i = 0; i < 2 * LANES; i++) {
            float value = in[LANES + i];
            float expected = Float.isInfinite(value) ? value : rounded(value);
            assertEquals(expected, number(out, 10 + i), "number " + i + ", " + value);
        }
        assertEquals(UNTOUCHED, out[4]);
        assertEquals(UNTOUCHED, out[5 + LANES]);
    }

    @Test
    void weightsAndOperandsAreRoundedAlike() {
        float[] in = values(2 * LANES);
        in[3] = Float.NaN;
        in[4] = 1 + 1f / 256;
        Products products = Products.of(new PlainKernels(), Precision.BF16);
        float[] panel = new float[LANES];
        products.pack(in, 0, LANES, panel, 0, LANES);
        for (int i = 0; i < 2 * LANES; i++) {
            float expected = Float.isNaN(in[i]) ? Float.NaN : rounded(in[i]);
            assertEquals(expected, products.unpack(panel, 0, LANES, i / LANES, i % LANES), "number " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, false",
        "2, 1, 1, true",
        "1, 27, 3, true",
        "2, 27, 3, false",
        "2, 8, 16, true",
        "1, 32, 16, false"
    })
    void productsAgreeWithTheFormula(int width, int steps, int count, boolean add) {
        int lda = steps + 2;
        int nextA = Kernels.ROWS * lda + 3;
        int row = width * LANES;
        int nextB = steps * row + LANES;
        int tile = Kernels.ROWS * row;
        int nextC = tile + LANES;
        float[] a = packed(values(2 * (count * nextA + 7)));
        float[] b = packed(values(2 * (count * nextB + 5)));
        float[] c = values(count * nextC + 9);
        float[] before = c.clone();
        Bfloat16Code.product(
                new Operand(a, 7, nextA),
                lda,
                new Operand(b, 5, nextB),
                width,
                new Operand(c, 4, nextC),
                steps,
                count,
                add);
        boolean[] written = new boolean[c.length];
        for (int q = 0; q < count; q++) {
            for (int i = 0; i < tile; i++) {
                int at = 4 + q * nextC + i;
                double expected = add ? before[at] : 0;
                for (int k = 0; k < 2 * steps; k++) {
                    expected += (double) number(a, 2 * (7 + q * nextA + i / row * lda) + k)
                            * number(b, 2 * (5 + q * nextB + k / 2 * row + i % row) + k % 2);
                }
                assertEquals(expected, c[at], 1e-5, "product " + q + ", float " + i);
                written[at] = true;
            }
        }
        for (int i = 0; i < c.length; i++) {
            assertTrue(written[i] || c[i] == before[i], "float " + i + " lies beside the tiles");
        }
    }

    @Test
    void scaleMultipliesEachRowByItsFactor() {
        float[] g = values(200);
        float[] a = values(60);
        float[] out = untouched(200);
        Bfloat16Code.scale(new Rows(g, 3, 20), new Rows(a, 2, 7), new Rows(out, 32, 48), 8);
        for (int i = 0; i < 8; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                assertEquals(rounded(a[2 + 7 * i] * g[3 + 20 * i + lane]), number(out, 32 + 48 * i + lane));
            }
            assertEquals(UNTOUCHED, out[(32 + 48 * i + LANES) / 2], "behind row " + i);
        }
        assertEquals(UNTOUCHED, out[15]);
    }

    @Test
    void expandAgreesWithTheFloatKernel() {
        int rows = 8;
        int ldf = rows * 32;
        float[] g = values(4 * rows * 20 + 40);
        float[] a = values(4 * rows * 7 + 10);
        float[] out = untouched(16 * ldf / 2 + 40);
        Bfloat16Code.expand(new Rows(g, 3, 20), new Rows(a, 2, 7), new Rows(out, 16, 32), ldf, rows);
        PlainKernels plain = new PlainKernels();
        int half = plain.lanes();
        float[] expected = new float[16 * half];
        for (int i = 0; i < rows; i++) {
            for (int part = 0; part < LANES / half; part++) {
                plain.winogradExpand(g, 3 + 4 * i * 20 + part * half, 20, a, 2 + 4 * i * 7, 7, expected, 0, half);
                for (int f = 0; f < 16; f++) {
                    for (int lane = 0; lane < half; lane++) {
                        float exact = expected[f * half + lane];
                        float found = number(out, 16 + f * ldf + 32 * i + part * half + lane);
                        assertEquals(exact, found, Math.abs(exact) / 256 + 1e-7, "row " + i + ", frequency " + f);
                    }
                }
            }
        }
        assertEquals(UNTOUCHED, out[7]);
        assertEquals(UNTOUCHED, out[(16 + LANES) / 2], "the other vector of the first row");
    }

    @ParameterizedTest
    @CsvSource({"1", "4", "16", "17", "33", "65"})
    void pairsAreTheProductsOfFactors(int slots) {
        int pairs = slots * (slots + 1) / 2;
        int ldz = (pairs + LANES - 1) / LANES * LANES + LANES;
        int lda = slots + 5;
        float[] a = values(Kernels.ROWS * lda + LANES + 3);
        float[] z = untouched(Kernels.ROWS * ldz / 2 + LANES);
        Bfloat16Code.pairs(a, 3, lda, slots, z, ldz, Kernels.ROWS);
        for (int i = 0; i < Kernels.ROWS; i++) {
            int pair = i * ldz;
            for (int r = 0; r < slots; r++) {
                for (int s = r; s < slots; s++) {
                    float expected = rounded(a[3 + i * lda + r] * a[3 + i * lda + s]);
                    assertEquals(expected, number(z, pair++), "row " + i + ", pair " + r + ", " + s);
                }
            }
            assertEquals(0, number(z, pair), "a zero ends row " + i);
        }
        assertEquals(UNTOUCHED, z[Kernels.ROWS * ldz / 2]);
    }
}
