package org.codanet.train;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.json.JsonFields;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.NetWeights;
import org.codanet.nn.layer.Parameter;
import org.codanet.recipe.TrainingRecipe;

/**
 * Everything that a run needs to go on as if it had never stopped: weights, Adam's moments, counters and metrics. Taken between
 * two updates, when all gradients are zero. All randomness follows from the seed and the counters, so there is no other state.
 *
 * @param config the network
 * @param recipe how it is trained
 * @param seed of the run
 * @param data what it is trained on, in words; another set is refused on resuming
 * @param position where in the run
 * @param metrics of the finished epochs
 * @param weights under the authors' keys
 * @param means Adam's first moments, under the same keys
 * @param variances Adam's second moments, under the same keys
 */
public record TrainingCheckpoint(
        CodaNetConfig config,
        TrainingRecipe recipe,
        long seed,
        String data,
        Position position,
        List<EpochMetrics> metrics,
        NamedTensors weights,
        NamedTensors means,
        NamedTensors variances) {
    private static final String FORMAT = ModelFile.CHECKPOINT_FORMAT;

    private static final String VERSION = "1";

    /** Keeps a copy of the metrics. */
    public TrainingCheckpoint {
        metrics = List.copyOf(metrics);
    }

    /**
     * Where in a run.
     *
     * @param epoch the epoch under way, from 1
     * @param batches micro-batches of it that are done
     * @param images of it that have been seen
     * @param updates optimiser updates since the start
     * @param lossSum of the epoch's images so far
     * @param correct of the epoch's images so far
     * @param seconds that the epoch has taken so far
     * @param bestTop1 of the epochs before; -1 before the first evaluation
     * @param bestEpoch where that was; 0 before the first evaluation
     */
    public record Position(
            int epoch,
            int batches,
            long images,
            long updates,
            double lossSum,
            long correct,
            double seconds,
            double bestTop1,
            int bestEpoch) {
        /** Before the first batch. */
        static Position start() {
            return new Position(1, 0, 0, 0, 0, 0, 0, -1, 0);
        }

        private JsonObject toJson() {
            JsonObject json = new JsonObject();
            json.addProperty("epoch", epoch);
            json.addProperty("batches", batches);
            json.addProperty("images", images);
            json.addProperty("updates", updates);
            json.addProperty("loss_sum", lossSum);
            json.addProperty("correct", correct);
            json.addProperty("seconds", seconds);
            json.addProperty("best_top1", bestTop1);
            json.addProperty("best_epoch", bestEpoch);
            return json;
        }

        private static Position fromJson(JsonFields fields) {
            Position position = new Position(
                    fields.integer("epoch"),
                    fields.integer("batches"),
                    (long) fields.number("images"),
                    (long) fields.number("updates"),
                    fields.number("loss_sum"),
                    (long) fields.number("correct"),
                    fields.number("seconds"),
                    fields.number("best_top1"),
                    fields.integer("best_epoch"));
            fields.finish();
            if (position.epoch < 1 || position.batches < 0 || position.images < 0 || position.updates < 0) {
                throw new IllegalArgumentException("position: a counter is negative in " + position);
            }
            return position;
        }
    }

    /** The part of {@link DatasetSource#description} that follows the dataset's name. */
    private static final Pattern DATASET_FACTS =
            Pattern.compile("\\d+ images in \\d+ classes \\(labels [0-9a-f]{8}\\)");

    /** The state of a network in training. */
    static TrainingCheckpoint of(
            CodaNet net, TrainingRecipe recipe, long seed, String data, Position position, List<EpochMetrics> metrics) {
        return new TrainingCheckpoint(
                net.config(),
                recipe,
                seed,
                data,
                position,
                metrics,
                net.weights(),
                NetWeights.download(net, Parameter::mean),
                NetWeights.download(net, Parameter::variance));
    }

    /** Puts weights and moments into a network made from the same config, which must be prepared for training. */
    void restore(CodaNet net) {
        net.setWeights(weights);
        NetWeights.upload(net, means, Parameter::mean);
        NetWeights.upload(net, variances, Parameter::variance);
    }

    /**
     * Writes or replaces a file, in one step: after a crash at any moment the file is either the old or the new one, whole.
     *
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void write(Path file) throws IOException {
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        weights.tensors().forEach((key, array) -> arrays.put("weight." + key, array));
        means.tensors().forEach((key, array) -> arrays.put("mean." + key, array));
        variances.tensors().forEach((key, array) -> arrays.put("variance." + key, array));
        Map<String, String> words = new LinkedHashMap<>();
        words.put("format", FORMAT);
        words.put("format_version", VERSION);
        words.put("config", config.toJson());
        words.put("recipe", recipe.toJson());
        words.put("seed", Long.toString(seed));
        words.put("data", data);
        words.put("position", position.toJson().toString());
        words.put("metrics", MetricsCsv.write(metrics));
        SafetensorsFile.write(file, new NamedTensors(arrays, words));
    }

    /**
     * The checkpoint in a file.
     *
     * @throws FileFormatException naming the file, if it is damaged or something else
     * @throws IOException if it cannot be read
     */
    public static TrainingCheckpoint read(Path file) throws IOException {
        NamedTensors content = SafetensorsFile.read(file);
        Map<String, String> words = content.metadata();
        if (!FORMAT.equals(words.get("format"))) {
            throw new FileFormatException(
                    file.toString(), "not a training checkpoint: a sound safetensors file of something else");
        }
        if (!VERSION.equals(words.get("format_version"))) {
            throw new FileFormatException(
                    file.toString(),
                    "a training checkpoint of version " + words.get("format_version") + ", this program reads "
                            + VERSION);
        }
        try {
            return new TrainingCheckpoint(
                    CodaNetConfig.fromJson(word(words, "config")),
                    TrainingRecipe.fromJson(word(words, "recipe")),
                    Long.parseLong(word(words, "seed")),
                    word(words, "data"),
                    Position.fromJson(JsonFields.parse("position", word(words, "position"))),
                    MetricsCsv.read(word(words, "metrics")),
                    group(content, "weight."),
                    group(content, "mean."),
                    group(content, "variance."));
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), "a damaged training checkpoint: " + e.getMessage(), e);
        }
    }

    private static String word(Map<String, String> words, String name) {
        String value = words.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is missing");
        }
        return value;
    }

    private static NamedTensors group(NamedTensors all, String prefix) {
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        all.tensors().forEach((key, array) -> {
            if (key.startsWith(prefix)) {
                arrays.put(key.substring(prefix.length()), array);
            }
        });
        return new NamedTensors(arrays);
    }

    /**
     * Does nothing if a run may go on from here.
     *
     * @throws TrainingException naming what differs
     */
    void requireSameRun(
            Path file, CodaNetConfig otherConfig, TrainingRecipe otherRecipe, long otherSeed, String otherData) {
        requireSame(file, "network", config, otherConfig);
        // Another number of epochs may be asked for, as long as the rates of those that are done do not depend on it.
        if (recipe.epochs() != otherRecipe.epochs()
                && !recipe.learningRate().equals(otherRecipe.learningRate())
                && recipe.learningRate().forEpochs(otherRecipe.epochs()).equals(otherRecipe.learningRate())) {
            throw new TrainingException("resume: " + file + " belongs to another run: its number of epochs is "
                    + recipe.epochs() + ", asked for is " + otherRecipe.epochs()
                    + ", and the learning rate depends on it");
        }
        requireSame(file, "learning rate", recipe.learningRate(), otherRecipe.learningRate());
        requireSame(
                file, "recipe", recipe.toBuilder().epochs(otherRecipe.epochs()).build(), otherRecipe);
        requireSame(file, "seed", seed, otherSeed);
        requireSame(file, "data", withoutNames(data), withoutNames(otherData));
    }

    /** Descriptions of data without the names of the datasets, which are often those of folders and may change. */
    private static String withoutNames(String data) {
        List<String> facts =
                DATASET_FACTS.matcher(data).results().map(MatchResult::group).toList();
        return facts.isEmpty() ? data : String.join("; tested on ", facts);
    }

    private static void requireSame(Path file, String what, Object here, Object asked) {
        if (here instanceof Record && here.getClass() == asked.getClass()) {
            // The message names the one component that differs, not all that the records have in common.
            for (RecordComponent part : here.getClass().getRecordComponents()) {
                String field = part.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
                requireSame(file, what + "'s " + field, part(part, here), part(part, asked));
            }
        } else if (here instanceof List<?> ours && asked instanceof List<?> theirs && ours.size() == theirs.size()) {
            for (int i = 0; i < ours.size(); i++) {
                requireSame(file, what + "[" + i + "]", ours.get(i), theirs.get(i));
            }
        } else if (!here.equals(asked)) {
            throw new TrainingException("resume: " + file + " belongs to another run: its " + what + " is " + here
                    + ", asked for is " + asked);
        }
    }

    private static Object part(RecordComponent component, Object of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " of " + of, e);
        }
    }
}
