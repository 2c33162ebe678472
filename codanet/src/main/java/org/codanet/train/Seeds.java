package org.codanet.train;

/** Derives independent seeds from one seed: splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014) over the seed and two counters. */
final class Seeds {
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private Seeds() {}

    static long of(long seed, long first, long second) {
        return mixed(mixed(mixed(seed + STEP) + first + STEP) + second + STEP);
    }

    private static long mixed(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
