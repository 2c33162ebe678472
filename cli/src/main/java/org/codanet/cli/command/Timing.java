package org.codanet.cli.command;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How long something takes.
 *
 * @param milliseconds of each run, sorted
 */
record Timing(List<Double> milliseconds) {
    private static final int LEAST_WARM_UP = 2;
    private static final int LEAST_RUNS = 5;

    Timing {
        milliseconds = milliseconds.stream().sorted().toList();
    }

    /** Runs for {@code seconds} without looking, while the JVM compiles, then as long with a clock; at least {@value #LEAST_RUNS} times. */
    static Timing of(Runnable work, double seconds) {
        long warmUntil = System.nanoTime() + (long) (1e9 * seconds);
        for (int i = 0; i < LEAST_WARM_UP || System.nanoTime() < warmUntil; i++) {
            work.run();
        }
        List<Double> times = new ArrayList<>();
        long until = System.nanoTime() + (long) (1e9 * seconds);
        while (times.size() < LEAST_RUNS || System.nanoTime() < until) {
            long start = System.nanoTime();
            work.run();
            times.add((System.nanoTime() - start) * 1e-6);
        }
        return new Timing(times);
    }

    /** Number of runs. */
    int runs() {
        return milliseconds.size();
    }

    double median() {
        int middle = runs() / 2;
        return runs() % 2 == 1
                ? milliseconds.get(middle)
                : (milliseconds.get(middle - 1) + milliseconds.get(middle)) / 2;
    }

    /** The time that at most one run in a hundred exceeds; with fewer runs than a hundred, the longest. */
    double percentile99() {
        return milliseconds.get((int) Math.ceil(0.99 * runs()) - 1);
    }

    double best() {
        return Collections.min(milliseconds);
    }
}
