package org.codanet.comparison;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.metrics.Summary;

/**
 * The values of one method on one model by one metric.
 *
 * @param model name of the model
 * @param method name of the method, as the user gave it
 * @param metric what was measured
 * @param rows one array for each grid, with a value for each cell, or for each image, with a value for each point of its curve
 * @param seed of the bootstrap intervals
 */
public record Series(String model, String method, Metric metric, List<double[]> rows, long seed) {
    /** {@return the summary of all values of the localisation metric, or of the means of all curves} */
    public Summary summary() {
        if (metric != Metric.LOCALISATION) {
            return Summary.of(
                    rows.stream()
                            .mapToDouble(row -> Arrays.stream(row).average().orElseThrow())
                            .toArray(),
                    seed);
        }
        double[] values = rows.stream().flatMapToDouble(Arrays::stream).toArray();
        int[] groups = new int[values.length];
        int at = 0;
        for (int grid = 0; grid < rows.size(); grid++) {
            for (int cell = 0; cell < rows.get(grid).length; cell++) {
                groups[at++] = grid;
            }
        }
        return Summary.of(values, groups, seed);
    }

    /** {@return the summary of each point of the curves; of a localisation metric the summary of each cell} */
    public List<Summary> points() {
        List<Summary> points = new ArrayList<>();
        for (int point = 0; point < rows.getFirst().length; point++) {
            int at = point;
            points.add(Summary.of(rows.stream().mapToDouble(row -> row[at]).toArray(), seed));
        }
        return points;
    }
}
