package org.codanet.comparison;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.metrics.PixelReplacement;
import org.codanet.metrics.Summary;

/** The values of one method on one model by one metric. Immutable. */
public final class Series {
    private final String model;
    private final String method;
    private final Metric metric;
    private final List<double[]> rows;
    private final Summary summary;
    private final List<Summary> points;

    /**
     * Summarises values.
     *
     * @param model name of the model
     * @param method name of the method, as the user gave it
     * @param metric what was measured
     * @param rows one array for each grid, with a value for each cell, or for each image, with a value for each point of its curve
     * @param seed of the bootstrap intervals
     */
    public Series(String model, String method, Metric metric, List<double[]> rows, long seed) {
        this.model = model;
        this.method = method;
        this.metric = metric;
        this.rows = List.copyOf(rows);
        // Intervals of many points take a second, and several files and the page need them.
        this.summary = summary(metric, rows, seed);
        this.points = metric.kind() == Metric.Kind.CURVE ? points(rows, seed) : List.of();
    }

    /** {@return name of the model} */
    public String model() {
        return model;
    }

    /** {@return name of the method, as the user gave it} */
    public String method() {
        return method;
    }

    /** {@return what was measured} */
    public Metric metric() {
        return metric;
    }

    /** {@return the values, one array for each grid or image} */
    public List<double[]> rows() {
        return rows;
    }

    /** {@return the summary of all values, of the means of all curves or the areas under them, or of the largest value of each row} */
    public Summary summary() {
        return summary;
    }

    /** {@return the summary of each point of the curves; empty unless the rows are curves} */
    public List<Summary> points() {
        return points;
    }

    private static Summary summary(Metric metric, List<double[]> rows, long seed) {
        if (metric.kind() == Metric.Kind.CURVE || metric == Metric.STABILITY) {
            return Summary.of(
                    rows.stream().mapToDouble(row -> value(metric, row)).toArray(), seed);
        }
        double[] values = rows.stream().flatMapToDouble(Arrays::stream).toArray();
        int[] groups = new int[values.length];
        int at = 0;
        for (int row = 0; row < rows.size(); row++) {
            Arrays.fill(groups, at, at + rows.get(row).length, row);
            at += rows.get(row).length;
        }
        return Summary.of(values, groups, seed);
    }

    /** The value of one row that is not a set of values of its own. */
    private static double value(Metric metric, double[] row) {
        if (metric == Metric.STABILITY) {
            return Arrays.stream(row).max().orElseThrow();
        }
        return metric.replacesAllPixels()
                ? PixelReplacement.areaUnder(row)
                : Arrays.stream(row).average().orElseThrow();
    }

    private static List<Summary> points(List<double[]> rows, long seed) {
        List<Summary> points = new ArrayList<>();
        for (int point = 0; point < rows.getFirst().length; point++) {
            int at = point;
            points.add(Summary.of(rows.stream().mapToDouble(row -> row[at]).toArray(), seed));
        }
        return List.copyOf(points);
    }
}
