package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.UnaryOperator;
import org.codanet.nn.op.alignment.Norm;
import org.junit.jupiter.api.Test;

class AuthorsLayoutTest {
    /** All extents differ, so a wrong stride cannot hide. */
    private static final int C = 3;

    private static final int O = 5;
    private static final int R = 4;
    private static final int K = 2;
    private static final LayerConfig LAYER = new LayerConfig(C, O, R, K, 1, 0, Norm.SQ, true);

    @Test
    void everyWeightIsWhereTheFormulaSays() {
        float[] a = numbered(R * C * K * K);
        float[] b = numbered(C * K * K * O * R);
        float[] bias = numbered(C * K * K * O);
        float[] aMemory = AuthorsLayout.aFromFile(LAYER, a);
        float[] bMemory = AuthorsLayout.bFromFile(LAYER, b);
        float[] biasMemory = AuthorsLayout.biasFromFile(LAYER, bias);
        for (int c = 0; c < C; c++) {
            for (int y = 0; y < K; y++) {
                for (int x = 0; x < K; x++) {
                    int patch = c * K * K + y * K + x;
                    int place = (y * K + x) * C + c;
                    for (int r = 0; r < R; r++) {
                        assertEquals(a[r * C * K * K + patch], aMemory[place * R + r]);
                        for (int o = 0; o < O; o++) {
                            assertEquals(b[(patch * O + o) * R + r], bMemory[(place * R + r) * O + o]);
                        }
                    }
                    for (int o = 0; o < O; o++) {
                        assertEquals(bias[patch * O + o], biasMemory[place * O + o]);
                    }
                }
            }
        }
    }

    @Test
    void aRoundTripChangesNothing() {
        roundTrip(R * C * K * K, w -> AuthorsLayout.aFromFile(LAYER, w), w -> AuthorsLayout.aToFile(LAYER, w));
        roundTrip(C * K * K * O * R, w -> AuthorsLayout.bFromFile(LAYER, w), w -> AuthorsLayout.bToFile(LAYER, w));
        roundTrip(C * K * K * O, w -> AuthorsLayout.biasFromFile(LAYER, w), w -> AuthorsLayout.biasToFile(LAYER, w));
    }

    @Test
    void aWrongNumberOfWeightsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> AuthorsLayout.aFromFile(LAYER, new float[1]));
    }

    private static void roundTrip(int count, UnaryOperator<float[]> there, UnaryOperator<float[]> back) {
        float[] weights = numbered(count);
        assertArrayEquals(weights, back.apply(there.apply(weights)));
        assertArrayEquals(weights, there.apply(back.apply(weights)));
    }

    private static float[] numbered(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i + 1;
        }
        return values;
    }
}
