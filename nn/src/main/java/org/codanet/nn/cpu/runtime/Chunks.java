package org.codanet.nn.cpu.runtime;

/**
 * Cuts the elements of a tensor into pieces of one size, whatever the number of threads: a sum made of one part per piece,
 * added in order, is then the same with any of them.
 */
public final class Chunks {
    /** Floats of a piece: four arrays of it fit a second-level cache with room to spare. */
    public static final int SIZE = 8192;

    private Chunks() {}

    public static int count(long elements) {
        return Math.toIntExact((elements + SIZE - 1) / SIZE);
    }

    public static long offset(int chunk) {
        return (long) chunk * SIZE;
    }

    public static int length(int chunk, long elements) {
        return (int) Math.min(SIZE, elements - offset(chunk));
    }

    /** Adds the parts in order. */
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
        // Four sums hide the latency of a double addition, which would set the pace.
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
