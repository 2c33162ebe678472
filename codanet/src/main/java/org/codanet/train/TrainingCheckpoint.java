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
import org.codanet.model.ModelFile;
import org.codanet.model.NetWeights;
import org.codanet.model.Network;
import org.codanet.model.NetworkConfig;
import org.codanet.nn.layer.Parameter;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;

/**
 * The state of a run between two updates, when all gradients are zero: weights, Adam's moments, counters and metrics. A resumed run
 * continues as if it had not been interrupted, because all random numbers follow from the seed and the counters.
 *
 * @param config the network
 * @param recipe how the network is trained
 * @param seed of the run
 * @param data description of the data; a run on other data cannot be resumed
 * @param position in the run
 * @param metrics of the finished epochs
 * @param weights under the authors' keys
 * @param means Adam's first moments, under the same keys
 * @param variances Adam's second moments, under the same keys
 */
public record TrainingCheckpoint(
        NetworkConfig config,
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
     * A position in a run.
     *
     * @param epoch the current epoch, from 1
     * @param batches number of micro-batches of this epoch so far
     * @param images number of images of this epoch so far
     * @param updates number of optimiser updates since the start of the run
     * @param lossSum sum of the losses of this epoch's images so far
     * @param correct number of this epoch's images so far whose label had the highest logit
     * @param seconds duration of this epoch so far
     * @param bestTop1 the best top-1 of the epochs before; -1 before the first evaluation
     * @param bestEpoch the epoch of {@code bestTop1}; 0 before the first evaluation
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
        /** The position before the first batch. */
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

    /** A checkpoint of a network in training. */
    static TrainingCheckpoint of(
            Network net, TrainingRecipe recipe, long seed, String data, Position position, List<EpochMetrics> metrics) {
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

    /** Copies weights and moments to a network of the same config, which must be prepared for training. */
    void restore(Network net) {
        net.setWeights(weights);
        NetWeights.upload(net, means, Parameter::mean);
        NetWeights.upload(net, variances, Parameter::variance);
    }

    /**
     * Writes or replaces a file atomically: after a crash the file is either the old one or the new one.
     *
     * @throws IOException if it cannot be written; an old file is unchanged then
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
     * @throws FileFormatException naming the file, if it is damaged or is not a checkpoint
     * @throws IOException if it cannot be read
     */
    public static TrainingCheckpoint read(Path file) throws IOException {
        NamedTensors content = SafetensorsFile.read(file);
        Map<String, String> words = content.metadata();
        if (!FORMAT.equals(words.get("format"))) {
            throw new FileFormatException(
                    file.toString(), "not a training checkpoint, though it is a valid safetensors file");
        }
        if (!VERSION.equals(words.get("format_version"))) {
            throw new FileFormatException(
                    file.toString(),
                    "a training checkpoint of version " + words.get("format_version") + ", this program reads "
                            + VERSION);
        }
        try {
            return new TrainingCheckpoint(
                    NetworkConfig.fromJson(word(words, "config")),
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
     * Checks that this is a checkpoint of the given run. The run may have more epochs than the checkpoint's; the remaining epochs then
     * have the learning rates of a run with that number of epochs.
     *
     * @throws TrainingException naming the first difference
     */
    void requireSameRun(
            Path file, NetworkConfig otherConfig, TrainingRecipe otherRecipe, long otherSeed, String otherData) {
        requireSame(file, "network", config, otherConfig);
        if (otherRecipe.epochs() < recipe.epochs()
                && !recipe.learningRate().equals(otherRecipe.learningRate())
                && isStretched(otherRecipe)) {
            throw new TrainingException("resume: " + file + " belongs to another run: its number of epochs is "
                    + recipe.epochs() + ", asked for is " + otherRecipe.epochs()
                    + ", and the learning rate depends on it; a run can only be continued for more epochs");
        }
        TrainingRecipe longer = recipe.toBuilder().epochs(otherRecipe.epochs()).build();
        if (isStretched(otherRecipe)) {
            longer = longer.toBuilder().learningRate(otherRecipe.learningRate()).build();
        }
        requireSame(file, "learning rate", longer.learningRate(), otherRecipe.learningRate());
        requireSame(file, "recipe", longer, otherRecipe);
        requireSame(file, "seed", seed, otherSeed);
        requireSame(file, "data", withoutNames(data), withoutNames(otherData));
    }

    /**
     * Whether the learning rate of a recipe is that of this run for another number of epochs. The length of the warm-up may differ by
     * rounding, because it is scaled with the number of epochs.
     */
    private boolean isStretched(TrainingRecipe other) {
        LearningRate stretched = recipe.learningRate().forEpochs(other.epochs());
        return stretched.equals(other.learningRate())
                || stretched instanceof LearningRate.Cosine ours
                        && other.learningRate() instanceof LearningRate.Cosine theirs
                        && ours.peak() == theirs.peak()
                        && ours.floor() == theirs.floor()
                        && ours.epochs() == theirs.epochs()
                        && Math.abs(ours.warmUpEpochs() - theirs.warmUpEpochs()) <= 1e-9 * ours.epochs();
    }

    /** Descriptions of data without the names of the datasets, which are often those of folders and may change. */
    private static String withoutNames(String data) {
        List<String> facts =
                DATASET_FACTS.matcher(data).results().map(MatchResult::group).toList();
        return facts.isEmpty() ? data : String.join("; tested on ", facts);
    }

    private static void requireSame(Path file, String what, Object here, Object asked) {
        if (here instanceof Record && here.getClass() == asked.getClass()) {
            // The message names the component that differs, and not the whole records.
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
