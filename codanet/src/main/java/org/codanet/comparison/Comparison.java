package org.codanet.comparison;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.metrics.Confidences;
import org.codanet.metrics.GridSampler;
import org.codanet.metrics.Protocol;
import org.codanet.metrics.Removal;

/** Measures methods on a model, and writes every value to the file of its series, so that an interrupted run can be resumed. */
public final class Comparison {
    /** The folder of the files of values, in the output folder. */
    public static final String VALUES = "values";

    private static final int LOGIT_BATCH = 256;

    private final ComparisonSettings settings;
    private final Path folder;
    private final Listener listener;

    /** Receives the progress of a comparison. */
    public interface Listener {
        /**
         * A series begins or is resumed.
         *
         * @param done rows that an earlier run has measured already
         * @param of total number of rows
         */
        void begin(String model, String method, Metric metric, int done, int of);

        /** One more row was measured. @return whether to continue */
        boolean measured(int done, int of);
    }

    /**
     * A model under comparison.
     *
     * @param name in reports and files
     * @param hash of its file: values of another model are never continued
     * @param network the model on its device
     */
    public record Model(String name, String hash, AttributedNetwork network) {}

    /**
     * A comparison.
     *
     * @param folder of the results; created if it does not exist
     */
    public Comparison(ComparisonSettings settings, Path folder, Listener listener) {
        this.settings = settings;
        this.folder = folder;
        this.listener = listener;
    }

    /**
     * Measures all methods by all metrics on one model.
     *
     * @param methods by the names that users gave them
     * @param data a description that identifies the images
     * @return the series, ordered by metric and then by method; only the finished ones if the listener stopped the run
     * @throws IOException if a file cannot be read or written, or holds values of other settings
     * @throws IllegalArgumentException if the images are too few for a grid or do not fit the model
     */
    public List<Series> run(
            Model model, Map<String, AttributionMethod> methods, List<Metric> metrics, TestImages images, String data)
            throws IOException {
        Files.createDirectories(folder.resolve(VALUES));
        List<Series> all = new ArrayList<>();
        for (Metric metric : metrics) {
            Measurement measurement = measurement(metric, model, images);
            for (Map.Entry<String, AttributionMethod> method : methods.entrySet()) {
                String name = model.name() + "_" + method.getKey() + "_" + metric.label();
                Path file = folder.resolve(VALUES).resolve(name.replaceAll("[^A-Za-z0-9._=-]", "-") + ".jsonl");
                JsonObject described = described(model, method.getValue(), metric, data);
                try (ValueLog log = ValueLog.open(file, described)) {
                    listener.begin(
                            model.name(),
                            method.getKey(),
                            metric,
                            Math.min(log.count(), measurement.count()),
                            measurement.count());
                    while (log.count() < measurement.count()) {
                        log.add(measurement.row().apply(new Row(method.getValue(), log.count())));
                        if (!listener.measured(log.count(), measurement.count())) {
                            return all;
                        }
                    }
                    all.add(new Series(
                            model.name(), method.getKey(), metric, log.rows(measurement.count()), settings.seed()));
                }
            }
        }
        return all;
    }

    /** A row to measure. */
    private record Row(AttributionMethod method, int number) {}

    /** A metric on some images: the number of rows, and how a row is measured. */
    private record Measurement(int count, Function<Row, double[]> row) {}

    private Measurement measurement(Metric metric, Model model, TestImages images) {
        if (metric == Metric.LOCALISATION) {
            Confidences confidences = Confidences.of(
                    logits(model.network(), images),
                    images.labels(),
                    model.network().classes());
            Localisation localisation = new Localisation(
                    model.network(),
                    images,
                    GridSampler.sample(
                            confidences, settings.side(), settings.grids(), settings.protocol(), settings.seed()));
            return new Measurement(localisation.count(), row -> localisation.scores(row.method(), row.number()));
        }
        Removal removal = metric == Metric.REMOVAL ? Removal.LEAST_IMPORTANT_FIRST : Removal.MOST_IMPORTANT_FIRST;
        RemovalCurves curves = new RemovalCurves(model.network(), images, settings.pixelRemoval(removal));
        return new Measurement(
                Math.min(settings.images(), images.count()), row -> curves.curve(row.method(), row.number()));
    }

    private static float[] logits(AttributedNetwork network, TestImages images) {
        float[] logits = new float[images.count() * network.classes()];
        for (int first = 0; first < images.count(); first += LOGIT_BATCH) {
            float[] some = network.logits(images.batch(first, Math.min(LOGIT_BATCH, images.count() - first)));
            System.arraycopy(some, 0, logits, first * network.classes(), some.length);
        }
        return logits;
    }

    private JsonObject described(Model model, AttributionMethod method, Metric metric, String data) {
        JsonObject described = new JsonObject();
        described.addProperty("model", model.name());
        described.addProperty("model_sha256", model.hash());
        described.addProperty("data", data);
        described.addProperty("method", method.toString());
        described.addProperty("metric", metric.label());
        described.addProperty("protocol", settings.protocol() == Protocol.ORIGINAL ? "original" : "corrected");
        if (metric == Metric.LOCALISATION) {
            described.addProperty("side", settings.side());
            if (settings.protocol() == Protocol.CORRECTED) {
                described.addProperty("seed", settings.seed());
            }
        } else {
            described.addProperty("share", settings.share());
            described.addProperty("points", settings.points());
        }
        return described;
    }
}
