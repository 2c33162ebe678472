package org.codanet.nn.testing;

import java.util.SplittableRandom;
import org.codanet.nn.tensor.Shape;

/** Arrays of test data; the same seed gives the same bits. */
public final class Values {
    private Values() {}

    /** One value of U(−bound, bound) for each element. */
    public static float[] uniform(long seed, Shape shape, double bound) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
        }
        return values;
    }

    /** One value of U(−1, 1) for each element. */
    public static float[] uniform(long seed, Shape shape) {
        return uniform(seed, shape, 1);
    }

    /** One byte for each element. The first 256 elements have each value once, the others are random. */
    public static byte[] bytes(long seed, Shape shape) {
        byte[] values = new byte[Math.toIntExact(shape.elements())];
        new SplittableRandom(seed).nextBytes(values);
        for (int i = 0; i < Math.min(256, values.length); i++) {
            values[i] = (byte) (i + seed);
        }
        return values;
    }

    /** Σ a b in double. */
    public static double product(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    /** Σ |a b| in double. Rounding errors of {@link #product} are relative to it. */
    public static double absoluteProduct(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs((double) a[i] * b[i]);
        }
        return sum;
    }
}
