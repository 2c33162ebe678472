package org.codanet.measure;

import org.codanet.service.LatencyHistogram;

/**
 * How a service answered under one load.
 *
 * @param arrivals {@code closed} or {@code poisson}
 * @param rate calls a second that were due; 0 for a closed loop
 * @param clients of a closed loop; 0 for Poisson arrivals
 * @param throughput answered calls a second
 * @param refused calls that found the queue full
 * @param meanBatch calls of a batch, on average
 * @param total from the moment at which a call was due to its result
 * @param queue from the prepared image until a device took it
 * @param compute from there until its batch was computed
 */
public record ServiceMeasurement(
        String arrivals,
        double rate,
        int clients,
        double throughput,
        long refused,
        double meanBatch,
        Percentiles total,
        Percentiles queue,
        Percentiles compute) {

    /**
     * Percentiles in milliseconds.
     *
     * @param p50 the median
     * @param p999 the 99.9th percentile
     */
    public record Percentiles(double p50, double p90, double p99, double p999) {
        static Percentiles of(LatencyHistogram histogram) {
            return new Percentiles(
                    histogram.quantile(0.5) / 1e6,
                    histogram.quantile(0.9) / 1e6,
                    histogram.quantile(0.99) / 1e6,
                    histogram.quantile(0.999) / 1e6);
        }
    }
}
