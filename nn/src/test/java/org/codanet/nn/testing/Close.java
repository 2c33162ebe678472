package org.codanet.nn.testing;

import org.junit.jupiter.api.AssertionFailureBuilder;

/** Comparison element by element, with a tolerance relative to the largest expected value. A NaN on either side fails. */
public final class Close {
    private Close() {}

    /**
     * Fails unless {@code |expected − actual| ≤ tolerance · max |expected|} for every element. The message names the element with the
     * largest error.
     *
     * @param what name of the array in the message
     */
    public static void to(String what, float[] expected, float[] actual, double tolerance) {
        within(what, expected, actual, tolerance * largest(expected), tolerance);
    }

    /** {@link #to} with an absolute bound on the difference. */
    public static void within(String what, float[] expected, float[] actual, double bound) {
        within(what, expected, actual, bound, Double.NaN);
    }

    private static void within(String what, float[] expected, float[] actual, double bound, double tolerance) {
        if (expected.length != actual.length) {
            throw AssertionFailureBuilder.assertionFailure()
                    .message(what + ": number of elements")
                    .expected(expected.length)
                    .actual(actual.length)
                    .build();
        }
        int worst = -1;
        double furthest = bound;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            if (!Double.isFinite(difference)) {
                // NaN or infinity on either side fails, even if the bound itself is infinite.
                worst = i;
                furthest = difference;
                break;
            }
            if (difference > furthest) {
                worst = i;
                furthest = difference;
            }
        }
        if (worst >= 0) {
            throw AssertionFailureBuilder.assertionFailure()
                    .message(what + ": element " + worst + " of " + expected.length + " is off by " + furthest
                            + ", allowed " + bound
                            + (Double.isNaN(tolerance) ? "" : " = " + tolerance + " of the largest expected value"))
                    .expected(expected[worst])
                    .actual(actual[worst])
                    .build();
        }
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
