package org.codanet.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.file.weights.WeightsFile;
import org.codanet.json.JsonFields;
import org.codanet.recipe.TrainingRecipe;

/**
 * A trained network as it is stored in one file: the weights and everything that is needed to use them. All of it is on the heap.
 *
 * <p>The file is safetensors with the authors' keys; {@code __metadata__} has {@code format} (codanet), {@code format_version},
 * and as JSON {@code config}, {@code preprocessing} and, if they are known, {@code recipe} and {@code scores}. Files of other
 * programs, such as PyTorch, hold only the weights; the caller then passes the config.
 *
 * @param config the network
 * @param weights float32 arrays under the authors' keys, in their order, with the extents that follow from the config
 * @param preprocessing how images are prepared; empty for files of other programs
 * @param recipe how the network was trained, if known
 * @param scores named results, such as {@code top1}, in order; often empty
 */
public record ModelFile(
        NetworkConfig config,
        NamedTensors weights,
        Optional<Preprocessing> preprocessing,
        Optional<TrainingRecipe> recipe,
        Map<String, Double> scores) {

    /** The {@code format} in the metadata of a training checkpoint, which is not a model file. */
    public static final String CHECKPOINT_FORMAT = "codanet training checkpoint";

    private static final String FORMAT = "codanet";
    private static final String VERSION = "1";
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /**
     * Sorts the weights in the order of the config and converts them to float32.
     *
     * @throws IllegalArgumentException if a weight is missing, or has other extents than the config says
     */
    public ModelFile {
        Optional<String> problem = problem(config, weights);
        if (problem.isPresent()) {
            throw new IllegalArgumentException("model: " + problem.get());
        }
        Map<String, TensorData> ordered = new LinkedHashMap<>();
        for (String key : config.parameterShapes().keySet()) {
            ordered.put(key, weights.get(key).toFloat32());
        }
        weights = new NamedTensors(ordered);
        scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
    }

    /**
     * {@return the model in a file of any kind: this program's own, safetensors or PyTorch's}
     *
     * @param file the file
     * @param config the network, for files that do not contain it; a file that contains it must agree, except for the labels
     * @param allowNonFinite whether weights may be NaN or infinite
     * @throws FileFormatException if the file is damaged, foreign, does not fit the network, or needs a config and has none
     * @throws IOException if it cannot be read
     */
    public static ModelFile read(Path file, Optional<NetworkConfig> config, boolean allowNonFinite) throws IOException {
        return read(file, config, Optional.empty(), allowNonFinite);
    }

    /**
     * {@return the model in a file of any kind: this program's own, safetensors or PyTorch's}
     *
     * @param file the file
     * @param config the network, for files that do not contain it; a file that contains it must agree, except for the labels
     * @param key key of the weights in a PyTorch checkpoint, such as {@code ema}; empty if the file holds nothing else
     * @param allowNonFinite whether weights may be NaN or infinite
     * @throws FileFormatException if the file is damaged, foreign, does not fit the network, or needs a config and has none
     * @throws IOException if it cannot be read
     */
    public static ModelFile read(
            Path file, Optional<NetworkConfig> config, Optional<String> key, boolean allowNonFinite)
            throws IOException {
        return of(file.toString(), WeightsFile.read(file, key), config, allowNonFinite);
    }

    /**
     * {@return the model in a file of this program's own}
     *
     * @param file the file
     * @throws FileFormatException if it is damaged or foreign, or holds NaN
     * @throws IOException if it cannot be read
     */
    public static ModelFile read(Path file) throws IOException {
        return read(file, Optional.empty(), false);
    }

    /**
     * {@return the model in a stream of this program's own format, such as a resource; the stream stays open}
     *
     * @param name name of the stream in error messages
     * @param stream the whole file
     * @throws FileFormatException if it is damaged or foreign, or holds NaN
     * @throws IOException if it cannot be read
     */
    public static ModelFile read(String name, InputStream stream) throws IOException {
        return of(name, SafetensorsFile.read(name, stream), Optional.empty(), false);
    }

    private static ModelFile of(
            String file, NamedTensors content, Optional<NetworkConfig> given, boolean allowNonFinite)
            throws IOException {
        Map<String, String> words = content.metadata();
        boolean own = FORMAT.equals(words.get("format"));
        if (own && !VERSION.equals(words.get("format_version"))) {
            throw new FileFormatException(
                    file,
                    "has model format version " + words.get("format_version") + ", this program reads " + VERSION);
        }
        try {
            NetworkConfig config = own ? agreed(file, words, given) : given.orElse(null);
            if (words.getOrDefault("format", "").equals(CHECKPOINT_FORMAT)) {
                throw new FileFormatException(
                        file,
                        "is a training checkpoint, which only training can continue; the networks beside it are"
                                + " best.safetensors and last.safetensors");
            }
            if (config == null) {
                throw new FileFormatException(
                        file,
                        "holds weights only and does not say of which network; name it (--config or --experiment)");
            }
            NamedTensors weights = own ? content : withoutSharedPrefix(content, config);
            Optional<String> problem = problem(config, weights);
            if (problem.isPresent()) {
                throw new FileFormatException(file, problem.get());
            }
            ModelFile model = new ModelFile(
                    config,
                    weights,
                    own && words.containsKey("preprocessing")
                            ? Optional.of(preprocessing(words.get("preprocessing")))
                            : Optional.empty(),
                    own && words.containsKey("recipe")
                            ? Optional.of(TrainingRecipe.fromJson(words.get("recipe")))
                            : Optional.empty(),
                    own && words.containsKey("scores") ? scores(words.get("scores")) : Map.of());
            if (!allowNonFinite) {
                model.weights().requireFinite(file);
            }
            return model;
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file, "is damaged: " + e.getMessage(), e);
        }
    }

    private static NetworkConfig agreed(String file, Map<String, String> words, Optional<NetworkConfig> given)
            throws FileFormatException {
        if (!words.containsKey("config")) {
            throw new FileFormatException(file, "is damaged: it has no config");
        }
        NetworkConfig config = NetworkConfig.fromJson(words.get("config"));
        if (given.isPresent() && !given.get().withLabels(config.labels()).equals(config)) {
            throw new FileFormatException(file, "holds another network than the one given: " + config.toCompactJson());
        }
        return config;
    }

    /** Removes a prefix, such as {@code backbone.}, if all names have it before the names that the network needs. */
    private static NamedTensors withoutSharedPrefix(NamedTensors weights, NetworkConfig config) {
        String needed = config.parameterShapes().keySet().iterator().next();
        Optional<String> prefix = weights.names().stream()
                .filter(name -> name.endsWith("." + needed))
                .map(name -> name.substring(0, name.length() - needed.length()))
                .findFirst();
        if (prefix.isEmpty() || !weights.names().stream().allMatch(name -> name.startsWith(prefix.get()))) {
            return weights;
        }
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        weights.tensors()
                .forEach((name, tensor) ->
                        tensors.put(name.substring(prefix.get().length()), tensor));
        return new NamedTensors(tensors, weights.metadata());
    }

    /** {@return what is wrong with these weights for this network, or empty} */
    private static Optional<String> problem(NetworkConfig config, NamedTensors weights) {
        Map<String, List<Integer>> shapes = config.parameterShapes();
        List<String> missing = new ArrayList<>(shapes.keySet());
        missing.removeAll(weights.names());
        if (!missing.isEmpty()) {
            String more = missing.size() == 1 ? "" : " and " + (missing.size() - 1) + " more are";
            return Optional.of(String.format(
                    Locale.ROOT,
                    "%s%s missing for a network of %d layers",
                    missing.getFirst(),
                    more.isEmpty() ? " is" : more,
                    config.depth()));
        }
        TreeSet<String> unexpected = new TreeSet<>(weights.names());
        unexpected.removeAll(shapes.keySet());
        unexpected.removeIf(name -> isCounter(name, shapes));
        if (!unexpected.isEmpty()) {
            return Optional.of(String.format(
                    Locale.ROOT,
                    "%s is none of the weights of a network of %d layers%s",
                    unexpected.getFirst(),
                    config.depth(),
                    config instanceof CodaNetConfig coda && !coda.bias() ? " without bias" : ""));
        }
        for (Map.Entry<String, List<Integer>> entry : shapes.entrySet()) {
            TensorData tensor = weights.get(entry.getKey());
            if (!tensor.shape().equals(entry.getValue())) {
                return Optional.of(String.format(
                        Locale.ROOT,
                        "%s has shape %s, the network needs %s",
                        entry.getKey(),
                        tensor.shape(),
                        entry.getValue()));
            }
            if (!tensor.type().isFloating()) {
                return Optional.of(entry.getKey() + " holds integers (" + tensor.type() + "), not weights");
            }
        }
        return Optional.empty();
    }

    /** Whether an array is PyTorch's counter of batches of a batch normalisation, which nothing reads. */
    private static boolean isCounter(String name, Map<String, List<Integer>> shapes) {
        String counter = "num_batches_tracked";
        return name.endsWith("." + counter)
                && shapes.containsKey(name.substring(0, name.length() - counter.length()) + "running_mean");
    }

    /**
     * {@return the network as a CoDA-Net}
     *
     * @throws IllegalArgumentException if it is another one
     */
    public CodaNetConfig codaNetConfig() {
        return config.requireCodaNet();
    }

    /**
     * Writes or replaces a file of this program's own format, in one step.
     *
     * @param file the file
     * @throws IOException if it cannot be written; the old file is then as it was
     */
    public void write(Path file) throws IOException {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("format", FORMAT);
        words.put("format_version", VERSION);
        words.put("config", config.toCompactJson());
        preprocessing.ifPresent(images -> words.put("preprocessing", write(images)));
        recipe.ifPresent(training -> words.put("recipe", training.toJson()));
        if (!scores.isEmpty()) {
            words.put("scores", GSON.toJson(scores));
        }
        SafetensorsFile.write(file, weights.withMetadata(words));
    }

    /**
     * Writes or replaces a file with the weights alone, for the authors' code: PyTorch's zip format, or plain safetensors if
     * the name ends in {@code .safetensors}.
     *
     * @param file the file
     * @throws IOException if it cannot be written; the old file is then as it was
     */
    public void writeWeights(Path file) throws IOException {
        WeightsFile.write(file, weights);
    }

    private static String write(Preprocessing images) {
        JsonObject json = new JsonObject();
        json.addProperty("channels", images.channels());
        json.addProperty("height", images.height());
        json.addProperty("width", images.width());
        json.addProperty("resize", images.resize());
        json.addProperty("range", "0..1");
        return GSON.toJson(json);
    }

    private static Preprocessing preprocessing(String text) {
        JsonFields fields = JsonFields.parse("preprocessing", text);
        Preprocessing images = new Preprocessing(
                fields.integer("channels"),
                fields.integer("height"),
                fields.integer("width"),
                fields.integer("resize"));
        if (!fields.text("range").equals("0..1")) {
            throw new IllegalArgumentException("preprocessing: range is " + fields.text("range") + ", not 0..1");
        }
        fields.finish();
        return images;
    }

    private static Map<String, Double> scores(String text) {
        JsonFields fields = JsonFields.parse("scores", text);
        Map<String, Double> scores = new LinkedHashMap<>();
        fields.names().forEach(name -> scores.put(name, fields.number(name)));
        return scores;
    }
}
