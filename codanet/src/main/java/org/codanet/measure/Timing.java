package org.codanet.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The durations of repeated calls of the same work.
 *
 * @param milliseconds duration of each call, in ascending order; at least one
 */
public record Timing(List<Double> milliseconds) {
    private static final int MIN_WARM_UP_RUNS = 2;
    private static final int MIN_RUNS = 5;

    /** Sorts the durations. */
    public Timing {
        milliseconds = milliseconds.stream().sorted().toList();
        if (milliseconds.isEmpty()) {
            throw new IllegalArgumentException("timing: no call was timed");
        }
    }

    /**
     * Runs the work for {@code seconds} without timing it, so that the JVM can compile it. Then runs and times it for another {@code
     * seconds}, and at least {@value #MIN_RUNS} times.
     */
    public static Timing of(Runnable work, double seconds) {
        long warmUntil = System.nanoTime() + (long) (1e9 * seconds);
        for (int i = 0; i < MIN_WARM_UP_RUNS || System.nanoTime() < warmUntil; i++) {
            work.run();
        }
        List<Double> times = new ArrayList<>();
        long until = System.nanoTime() + (long) (1e9 * seconds);
        while (times.size() < MIN_RUNS || System.nanoTime() < until) {
            long start = System.nanoTime();
            work.run();
            times.add((System.nanoTime() - start) * 1e-6);
        }
        return new Timing(times);
    }

    /** Number of timed calls. */
    public int runs() {
        return milliseconds.size();
    }

    /** Median in milliseconds. */
    public double median() {
        int middle = runs() / 2;
        return runs() % 2 == 1
                ? milliseconds.get(middle)
                : (milliseconds.get(middle - 1) + milliseconds.get(middle)) / 2;
    }

    /** The 99th percentile in milliseconds by the nearest-rank method. With fewer than 100 calls it is the longest duration. */
    public double percentile99() {
        return milliseconds.get((int) Math.ceil(0.99 * runs()) - 1);
    }

    /** The shortest duration in milliseconds. */
    public double best() {
        return Collections.min(milliseconds);
    }
}
