package org.codanet.data.transform;

import java.util.random.RandomGenerator;

/**
 * Random numbers that depend only on the seed, the epoch and the stream. They are the same in every version of Java.
 *
 * <p>The generator is SplitMix64 (Steele, Lea and Flood, 2014), which scrambles a counter that advances in steps of the golden ratio.
 * Each (seed, epoch, stream) has its own start value.
 */
public final class SeededRandom implements RandomGenerator {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private long state;

    /**
     * @param seed the seed that the user chose
     * @param epoch the epoch of training
     * @param stream the index of the image, or another number for other random choices in the epoch
     */
    public SeededRandom(long seed, long epoch, long stream) {
        // The state is scrambled after each part, so that (1, 2, 3) and (1, 3, 2) have different start values.
        state = scramble(scramble(scramble(seed + GOLDEN) + epoch * GOLDEN) + stream * GOLDEN);
    }

    private static long scramble(long value) {
        long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    @Override
    public long nextLong() {
        state += GOLDEN;
        return scramble(state);
    }

    @Override
    public int nextInt(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("random number below " + bound);
        }
        // Use the upper 32 bits as a fraction of bound. The bias is below bound / 2^32.
        return (int) ((nextLong() >>> 32) * bound >>> 32);
    }

    @Override
    public boolean nextBoolean() {
        return nextLong() < 0;
    }

    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }
}
