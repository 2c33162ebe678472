package org.codanet.metrics;

/**
 * The random numbers of NumPy's {@code RandomState}: the Mersenne Twister MT19937, bit for bit. Not thread-safe.
 *
 * <p>Source: Matsumoto and Nishimura, Mersenne Twister, 1998; NumPy's documentation of its legacy generator.
 */
public final class NumpyRandom {
    private static final int SIZE = 624;
    private static final int SHIFT = 397;
    private static final int TWIST = 0x9908b0df;

    private final int[] state = new int[SIZE];
    private int position = SIZE;

    /** The generator after {@code numpy.random.seed(seed)}. */
    public NumpyRandom(int seed) {
        state[0] = seed;
        for (int i = 1; i < SIZE; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
    }

    /** {@return the next 32 random bits} */
    public int nextBits() {
        if (position == SIZE) {
            twist();
        }
        int y = state[position++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void twist() {
        for (int i = 0; i < SIZE; i++) {
            int y = state[i] & 0x80000000 | state[(i + 1) % SIZE] & 0x7fffffff;
            state[i] = state[(i + SHIFT) % SIZE] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : TWIST);
        }
        position = 0;
    }

    /**
     * {@return a uniformly distributed integer from 0 to {@code largest}, as {@code randint(0, largest + 1)}}
     *
     * @throws IllegalArgumentException if {@code largest} is negative
     */
    public int nextUpTo(int largest) {
        if (largest < 0) {
            throw new IllegalArgumentException("random number from 0 to " + largest);
        }
        if (largest == 0) {
            return 0;
        }
        // Rejection sampling: a candidate has as many bits as the largest value, and is drawn again if it is above that
        // value.
        int mask = -1 >>> Integer.numberOfLeadingZeros(largest);
        int candidate = nextBits() & mask;
        while (candidate > largest) {
            candidate = nextBits() & mask;
        }
        return candidate;
    }

    /** {@return a uniformly distributed number in [0, 1) with 53 random bits, as {@code rand()}} */
    public double nextDouble() {
        long high = nextBits() >>> 5;
        long low = nextBits() >>> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

    /** {@return the numbers from 0 to {@code size} - 1 in random order, as {@code permutation(size)}} */
    public int[] permutation(int size) {
        int[] numbers = new int[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = i;
        }
        for (int i = size - 1; i >= 1; i--) {
            int j = nextUpTo(i);
            int swapped = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = swapped;
        }
        return numbers;
    }
}
