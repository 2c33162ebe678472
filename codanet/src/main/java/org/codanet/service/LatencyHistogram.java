package org.codanet.service;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * A histogram of non-negative numbers with a relative error of at most 1/32: each power of two is divided into 32 equal buckets. Any number
 * of threads may add values. Its memory does not grow.
 */
public final class LatencyHistogram {
    private static final int PARTS = 32;
    private static final int PARTS_LOG = 5;

    private final AtomicLongArray buckets = new AtomicLongArray((Long.SIZE - PARTS_LOG) * PARTS + PARTS);
    private final LongAdder sum = new LongAdder();

    /** An empty histogram. */
    public LatencyHistogram() {}

    /** Adds a value. Negative values count as 0. */
    public void add(long value) {
        long counted = Math.max(0, value);
        buckets.incrementAndGet(index(counted));
        sum.add(counted);
    }

    private static int index(long value) {
        if (value < PARTS) {
            return (int) value;
        }
        int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(value) - PARTS_LOG;
        return shift * PARTS + (int) (value >>> shift);
    }

    /** The largest value of a bucket. */
    private static long upper(int index) {
        if (index < 2 * PARTS) {
            return index;
        }
        int shift = index / PARTS - 1;
        return ((long) (index % PARTS + PARTS + 1) << shift) - 1;
    }

    /** Number of values. */
    public long count() {
        return countAtMost(Long.MAX_VALUE);
    }

    /** Sum of all values. */
    public long sum() {
        return sum.sum();
    }

    /** Number of values up to {@code limit}, except for the resolution of the buckets. */
    public long countAtMost(long limit) {
        long count = 0;
        for (int i = 0; i < buckets.length() && upper(i) <= limit; i++) {
            count += buckets.get(i);
        }
        return count;
    }

    /**
     * The value that a share of all values does not exceed: 0.5 gives the median, 0.99 the 99th percentile. 0 without values.
     *
     * @throws IllegalArgumentException if the share is not in 0..1
     */
    public long quantile(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("histogram: a quantile is from 0 to 1, got " + share);
        }
        long rank = Math.max(1, (long) Math.ceil(share * count()));
        long seen = 0;
        int last = 0;
        for (int i = 0; i < buckets.length(); i++) {
            long here = buckets.get(i);
            seen += here;
            last = here > 0 ? i : last;
            if (here > 0 && seen >= rank) {
                return upper(i);
            }
        }
        return upper(last);
    }
}
