package org.codanet.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Values printed by NumPy 2.4.6, whose legacy generator is frozen; the comments name the call. */
final class NumpyRandomTest {
    @Test
    void bitsAreThoseOfTheReferenceGenerator() {
        NumpyRandom random = new NumpyRandom(5489);
        // The first outputs of mt19937ar.c with init_genrand(5489).
        assertEquals(0xD091BB5C, random.nextBits());
        assertEquals(0x22AE9EF6, random.nextBits());
        for (int i = 2; i < 9999; i++) {
            random.nextBits();
        }
        // The C++ standard (rand.predef) gives this value for the 10,000th output of std::mt19937.
        assertEquals(4123659995L, Integer.toUnsignedLong(random.nextBits()));
    }

    @Test
    void permutationIsNumpys() {
        // numpy.random.RandomState(42).permutation(10)
        assertArrayEquals(new int[] {8, 1, 5, 0, 7, 2, 9, 4, 3, 6}, new NumpyRandom(42).permutation(10));
    }

    @Test
    void doublesAreNumpys() {
        // numpy.random.RandomState(42).rand(2)
        NumpyRandom random = new NumpyRandom(42);
        assertEquals(0.3745401188473625, random.nextDouble());
        assertEquals(0.9507143064099162, random.nextDouble());
    }

    @Test
    void integersAreNumpys() {
        // numpy.random.RandomState(42).randint(0, 10, 8)
        NumpyRandom random = new NumpyRandom(42);
        int[] numbers = new int[8];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = random.nextUpTo(9);
        }
        assertArrayEquals(new int[] {6, 3, 7, 4, 6, 9, 2, 6}, numbers);
    }

    @Test
    void negativeLimitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new NumpyRandom(1).nextUpTo(-1));
    }
}
