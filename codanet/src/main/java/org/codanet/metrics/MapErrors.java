package org.codanet.metrics;

/** Errors of maps; 0 is best. */
public final class MapErrors {
    /** Differences of logits below this are rounding. */
    private static final double LEAST_DIFFERENCE = 1e-6;

    private MapErrors() {}

    /**
     * {@return the completeness error: how far the sum of a map is from the difference that it should explain, divided by this difference}
     *
     * @param map all values
     * @param value the explained value, such as a logit
     * @param reference the same value for the baseline
     * @throws IllegalArgumentException if the map holds a value that is not a number
     */
    public static double completeness(float[] map, double value, double reference) {
        double sum = 0;
        for (float contribution : map) {
            sum += contribution;
        }
        requireNumber(sum);
        double difference = value - reference;
        return Math.abs(sum - difference) / Math.max(Math.abs(difference), LEAST_DIFFERENCE);
    }

    /**
     * {@return the distance of two maps, ‖first − second‖ / ‖first‖; 0 if both are zero, and 1 if only the first one is} Source of the
     * metric: Yeh et al., NeurIPS 2019.
     */
    public static double distance(float[] first, float[] second) {
        double difference = 0;
        double norm = 0;
        double other = 0;
        for (int i = 0; i < first.length; i++) {
            difference += ((double) first[i] - second[i]) * ((double) first[i] - second[i]);
            norm += (double) first[i] * first[i];
            other += (double) second[i] * second[i];
        }
        requireNumber(difference);
        if (norm == 0) {
            return other == 0 ? 0 : 1;
        }
        return Math.sqrt(difference / norm);
    }

    private static void requireNumber(double value) {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException("comparison: the map holds a value that is not a number");
        }
    }
}
