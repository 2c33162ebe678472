package org.codanet.nn.cpu.runtime;

/**
 * Splits the elements of a tensor into pieces whose size does not depend on the number of threads. If each piece gives one partial sum,
 * and these are reduced in order, the sum has the same bits for any number of threads.
 */
public final class Chunks {
    /** Floats of a piece. Four arrays of this size easily fit in the second-level cache. */
    public static final int SIZE = 8192;

    private Chunks() {}

    /** Number of pieces. */
    public static int count(long elements) {
        return Math.toIntExact((elements + SIZE - 1) / SIZE);
    }

    /** Index of the first element of a piece. */
    public static long offset(int chunk) {
        return (long) chunk * SIZE;
    }

    /** Number of elements of a piece; the last one may be shorter. */
    public static int length(int chunk, long elements) {
        return (int) Math.min(SIZE, elements - offset(chunk));
    }

    /** The sum of the partial sums, added in order. */
    public static double sum(double[] parts) {
        double sum = 0;
        for (double part : parts) {
            sum += part;
        }
        return sum;
    }

    /** {@code Σ values[i]²} of the first {@code count}, in double. */
    public static double sumOfSquares(float[] values, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        // Four independent sums hide the latency of an addition of doubles, which would otherwise limit the speed.
        for (; i <= count - 4; i += 4) {
            s0 += (double) values[i] * values[i];
            s1 += (double) values[i + 1] * values[i + 1];
            s2 += (double) values[i + 2] * values[i + 2];
            s3 += (double) values[i + 3] * values[i + 3];
        }
        for (; i < count; i++) {
            s0 += (double) values[i] * values[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /** {@code Σ |values[i]|} of the first {@code count}, in double. */
    public static double absoluteSum(float[] values, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i <= count - 4; i += 4) {
            s0 += Math.abs(values[i]);
            s1 += Math.abs(values[i + 1]);
            s2 += Math.abs(values[i + 2]);
            s3 += Math.abs(values[i + 3]);
        }
        for (; i < count; i++) {
            s0 += Math.abs(values[i]);
        }
        return (s0 + s1) + (s2 + s3);
    }
}
