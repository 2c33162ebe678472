package org.codanet.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

/** Comparison of tensors element by element, relative to the largest expected magnitude. A NaN is never near another value. */
public final class Near {
    private Near() {}

    /**
     * Fails if a value differs by more than {@code relative} times the largest expected magnitude. The message has the index, both values
     * and the difference.
     */
    public static void assertNear(String what, double[] expected, double[] actual, double relative) {
        assertEquals(expected.length, actual.length, what + ": number of values");
        double largest = 0;
        for (double value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        int worst = -1;
        double worstError = relative * largest;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            if (!(error <= worstError)) {
                worst = i;
                worstError = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
            }
        }
        if (worst >= 0) {
            fail(what + ": value " + worst + " is " + actual[worst] + ", expected " + expected[worst] + ", off by "
                    + Math.abs(actual[worst] - expected[worst]) + " where " + relative * largest + " is allowed ("
                    + relative + " of the largest, " + largest + ")");
        }
    }

    /** The same for floats. */
    public static void assertNear(String what, float[] expected, float[] actual, double relative) {
        assertNear(what, doubles(expected), doubles(actual), relative);
    }

    /** The same values as doubles. */
    public static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    /** (N, H, W, C) to (N, C, H, W). */
    public static float[] channelsFirst(float[] values, int n, int h, int w, int c) {
        float[] result = new float[values.length];
        for (int image = 0; image < n; image++) {
            for (int position = 0; position < h * w; position++) {
                for (int channel = 0; channel < c; channel++) {
                    result[(image * c + channel) * h * w + position] = values[(image * h * w + position) * c + channel];
                }
            }
        }
        return result;
    }
}
