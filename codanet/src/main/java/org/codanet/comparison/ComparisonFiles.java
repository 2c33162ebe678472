package org.codanet.comparison;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.file.AtomicFile;
import org.codanet.file.npy.NpyWriter;
import org.codanet.metrics.Summary;

/** Writes the results of a comparison: {@code results.json}, {@code results.csv}, and one {@code .npy} of raw values for each series. */
public final class ComparisonFiles {
    /** Name and version of the schema of {@code results.json}. */
    public static final String SCHEMA = "codanet.evaluate-explanations/1";

    private ComparisonFiles() {}

    /**
     * Writes all files into a folder.
     *
     * @param about everything else that the results depend on, such as command, data and versions
     * @throws IOException if a file cannot be written
     */
    public static void write(Path folder, Map<String, String> about, List<Series> all) throws IOException {
        String text = new GsonBuilder().setPrettyPrinting().create().toJson(object(about, all)) + "\n";
        AtomicFile.replace(folder.resolve("results.json"), text.getBytes(StandardCharsets.UTF_8));
        AtomicFile.replace(folder.resolve("results.csv"), csv(all).getBytes(StandardCharsets.UTF_8));
        for (Series series : all) {
            String name = series.model() + "_" + series.method() + "_"
                    + series.metric().label();
            Path file = folder.resolve(name.replaceAll("[^A-Za-z0-9._=-]", "-") + ".npy");
            List<double[]> rows = series.rows();
            try (NpyWriter writer = NpyWriter.create(file, List.of(rows.size(), rows.getFirst().length))) {
                for (double[] row : rows) {
                    float[] values = new float[row.length];
                    for (int i = 0; i < row.length; i++) {
                        values[i] = (float) row[i];
                    }
                    writer.append(values);
                }
            }
        }
    }

    /** {@return the results as one JSON object in one line} */
    public static String json(Map<String, String> about, List<Series> all) {
        return object(about, all).toString();
    }

    private static JsonObject object(Map<String, String> about, List<Series> all) {
        JsonObject results = new JsonObject();
        results.addProperty("schema", SCHEMA);
        about.forEach(results::addProperty);
        JsonArray array = new JsonArray();
        for (Series series : all) {
            JsonObject one = new JsonObject();
            one.addProperty("model", series.model());
            one.addProperty("method", series.method());
            one.addProperty("metric", series.metric().label());
            one.addProperty("rows", series.rows().size());
            add(one, series.summary());
            if (series.metric().kind() == Metric.Kind.CURVE) {
                JsonArray points = new JsonArray();
                for (Summary summary : series.points()) {
                    JsonObject point = new JsonObject();
                    add(point, summary);
                    points.add(point);
                }
                one.add("points", points);
            }
            array.add(one);
        }
        results.add("series", array);
        return results;
    }

    private static void add(JsonObject object, Summary summary) {
        object.addProperty("mean", summary.mean());
        object.addProperty("mean_low", summary.low());
        object.addProperty("mean_high", summary.high());
        object.addProperty("percentile_25", summary.percentile25());
        object.addProperty("median", summary.median());
        object.addProperty("percentile_75", summary.percentile75());
    }

    private static String csv(List<Series> all) {
        StringBuilder text = new StringBuilder("model,method,metric,point,rows,mean,mean_low,mean_high,p25,p50,p75\n");
        for (Series series : all) {
            line(text, series, "all", series.summary());
            if (series.metric().kind() == Metric.Kind.CURVE) {
                int point = 0;
                for (Summary summary : series.points()) {
                    line(text, series, Integer.toString(point++), summary);
                }
            }
        }
        return text.toString();
    }

    private static void line(StringBuilder text, Series series, String point, Summary s) {
        text.append(String.format(
                Locale.ROOT,
                "%s,%s,%s,%s,%d,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f\n",
                quoted(series.model()),
                quoted(series.method()),
                series.metric().label(),
                point,
                series.rows().size(),
                s.mean(),
                s.low(),
                s.high(),
                s.percentile25(),
                s.median(),
                s.percentile75()));
    }

    /** A field of a CSV file, in quotes if it needs them. */
    private static String quoted(String field) {
        return field.matches("[A-Za-z0-9._:=/-]*") ? field : '"' + field.replace("\"", "\"\"") + '"';
    }
}
