package org.codanet.comparison;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.metrics.BoxedObject;
import org.codanet.metrics.Confidences;
import org.codanet.metrics.Grid;
import org.codanet.metrics.GridSampler;
import org.codanet.metrics.PixelRemoval;
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
     * The images of a comparison.
     *
     * @param images with their labels
     * @param description identifies the images
     * @param objects for the pointing game; may be empty for other metrics
     */
    public record Data(TestImages images, String description, List<BoxedObject> objects) {
        /** Copies the list. */
        public Data {
            objects = List.copyOf(objects);
        }
    }

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
     * @return the series, ordered by metric and then by method; only the finished ones if the listener stopped the run
     * @throws IOException if a file cannot be read or written, or holds values of other settings
     * @throws IllegalArgumentException if the images are too few for a grid or do not fit the model
     */
    public List<Series> run(Model model, Map<String, AttributionMethod> methods, List<Metric> metrics, Data data)
            throws IOException {
        Files.createDirectories(folder.resolve(VALUES));
        List<Series> all = new ArrayList<>();
        for (Metric metric : metrics) {
            Measurement measurement = measurement(metric, model, data);
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
                        log.add(measurement.row(method.getValue(), log.count()));
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

    private Measurement measurement(Metric metric, Model model, Data data) {
        AttributedNetwork network = model.network();
        TestImages images = data.images();
        return switch (metric) {
            case LOCALISATION, DIFULL, DIPART -> new Localisation(network, images, grids(network, images), metric);
            case REMOVAL -> curves(network, images, settings.pixelRemoval(Removal.LEAST_IMPORTANT_FIRST), false);
            case REMOVAL_MOST -> curves(network, images, settings.pixelRemoval(Removal.MOST_IMPORTANT_FIRST), false);
            case DELETION -> curves(network, images, settings.replacementOfAll(), false);
            case INSERTION -> curves(network, images, settings.replacementOfAll(), true);
            case COMPLETENESS -> new MapErrorRows(network, images, settings).completeness();
            case STABILITY -> new MapErrorRows(network, images, settings).stability();
            case POINTING -> new Pointing(network, images, data.objects());
        };
    }

    private List<Grid> grids(AttributedNetwork network, TestImages images) {
        Confidences confidences = Confidences.of(logits(network, images), images.labels(), network.classes());
        return GridSampler.sample(confidences, settings.side(), settings.grids(), settings.protocol(), settings.seed());
    }

    private RemovalCurves curves(
            AttributedNetwork network, TestImages images, PixelRemoval removal, boolean insertion) {
        return new RemovalCurves(network, images, removal, insertion, settings.order(images.count()));
    }

    private static float[] logits(AttributedNetwork network, TestImages images) {
        float[] logits = new float[images.count() * network.classes()];
        for (int first = 0; first < images.count(); first += LOGIT_BATCH) {
            float[] some = network.logits(images.batch(first, Math.min(LOGIT_BATCH, images.count() - first)));
            System.arraycopy(some, 0, logits, first * network.classes(), some.length);
        }
        return logits;
    }

    private JsonObject described(Model model, AttributionMethod method, Metric metric, Data data) {
        JsonObject described = new JsonObject();
        described.addProperty("model", model.name());
        described.addProperty("model_sha256", model.hash());
        described.addProperty("data", data.description());
        described.addProperty("method", method.toString());
        described.addProperty("metric", metric.label());
        described.addProperty("protocol", settings.protocol() == Protocol.ORIGINAL ? "original" : "corrected");
        switch (metric) {
            case LOCALISATION, DIFULL, DIPART -> {
                described.addProperty("side", settings.side());
                addSeed(described);
            }
            case REMOVAL, REMOVAL_MOST -> {
                described.addProperty("share", settings.share());
                described.addProperty("points", settings.points());
                addSeed(described);
            }
            case DELETION, INSERTION -> {
                described.addProperty("points", settings.points());
                addSeed(described);
            }
            case STABILITY -> described.addProperty("seed", settings.seed());
            case POINTING -> described.addProperty("objects", data.objects().toString());
            case COMPLETENESS -> addSeed(described);
        }
        return described;
    }

    /** The original protocol draws nothing with the user's seed. */
    private void addSeed(JsonObject described) {
        if (settings.protocol() == Protocol.CORRECTED) {
            described.addProperty("seed", settings.seed());
        }
    }
}
