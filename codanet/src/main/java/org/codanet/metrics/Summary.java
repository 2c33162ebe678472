package org.codanet.metrics;

import java.util.Arrays;
import org.codanet.data.transform.SeededRandom;

/**
 * Summary of the values of a metric.
 *
 * @param count number of values
 * @param mean their mean
 * @param percentile5 the 5th percentile, interpolated linearly between two values as NumPy does
 * @param percentile25 the 25th percentile
 * @param median the 50th percentile
 * @param percentile75 the 75th percentile
 * @param percentile95 the 95th percentile
 * @param low lower end of the 95 % bootstrap interval of the mean
 * @param high upper end of that interval
 */
public record Summary(
        int count,
        double mean,
        double percentile5,
        double percentile25,
        double median,
        double percentile75,
        double percentile95,
        double low,
        double high) {
    private static final int RESAMPLES = 1000;

    /**
     * The summary of some values.
     *
     * @param groups for each value the number of its group, such as the grid of a cell. Groups are resampled as a whole, because the values
     *     of one group are not independent
     * @param seed of the bootstrap
     * @throws IllegalArgumentException if there is no value, or the numbers of values and groups differ
     */
    public static Summary of(double[] values, int[] groups, long seed) {
        if (values.length == 0 || values.length != groups.length) {
            throw new IllegalArgumentException("summary: " + values.length + " values and " + groups.length
                    + " groups; there must be a value, and as many groups");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double[] means = bootstrap(values, groups, seed);
        return new Summary(
                values.length,
                Arrays.stream(values).sum() / values.length,
                percentile(sorted, 5),
                percentile(sorted, 25),
                percentile(sorted, 50),
                percentile(sorted, 75),
                percentile(sorted, 95),
                percentile(means, 2.5),
                percentile(means, 97.5));
    }

    /** The summary of independent values. */
    public static Summary of(double[] values, long seed) {
        int[] groups = new int[values.length];
        Arrays.setAll(groups, i -> i);
        return of(values, groups, seed);
    }

    private static double[] bootstrap(double[] values, int[] groups, long seed) {
        int count = Arrays.stream(groups).max().orElseThrow() + 1;
        double[] sums = new double[count];
        int[] sizes = new int[count];
        for (int i = 0; i < values.length; i++) {
            sums[groups[i]] += values[i];
            sizes[groups[i]]++;
        }
        double[] means = new double[RESAMPLES];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            SeededRandom random = new SeededRandom(seed, 1, resample);
            double sum = 0;
            int size = 0;
            for (int i = 0; i < count; i++) {
                int group = random.nextInt(count);
                sum += sums[group];
                size += sizes[group];
            }
            means[resample] = sum / Math.max(size, 1);
        }
        Arrays.sort(means);
        return means;
    }

    /** {@return a percentile of sorted values, interpolated linearly} */
    static double percentile(double[] sorted, double percent) {
        double at = percent / 100 * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
