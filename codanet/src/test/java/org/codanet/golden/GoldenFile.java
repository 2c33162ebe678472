package org.codanet.golden;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.model.CodaNetConfig;

/**
 * One golden vector: a safetensors file whose metadata has its kind and the settings with which it was created.
 *
 * @param path the file
 * @param kind such as {@code dau_layer}, {@code net}, {@code net_seeded} or {@code train}
 * @param config the settings
 * @param content all tensors and the metadata
 */
public record GoldenFile(Path path, String kind, JsonObject config, NamedTensors content) {
    private static final Set<String> NETWORK_FIELDS = Set.of(
            "in_channels",
            "out_channels",
            "ranks",
            "kernels",
            "strides",
            "paddings",
            "norm",
            "logit_bias",
            "temperature",
            "num_classes",
            "add_inverse",
            "labels",
            "bias");

    /** {@return the golden vector in this file} */
    public static GoldenFile read(Path path) throws IOException {
        NamedTensors content = SafetensorsFile.read(path);
        Map<String, String> metadata = content.metadata();
        JsonObject config =
                JsonParser.parseString(metadata.getOrDefault("config", "{}")).getAsJsonObject();
        return new GoldenFile(path, metadata.getOrDefault("kind", ""), config, content);
    }

    /** {@return the file's name without its ending} */
    public String name() {
        return path.getFileName().toString().replaceFirst("\\.safetensors$", "");
    }

    /** {@return a tensor of the file} */
    public TensorData tensor(String name) {
        return content.get(name);
    }

    /** {@return whether the file has this tensor} */
    public boolean has(String name) {
        return content.tensors().containsKey(name);
    }

    /** {@return a tensor's values as floats} */
    public float[] floats(String name) {
        return tensor(name).toFloats();
    }

    /** {@return a tensor's values as doubles} */
    public double[] doubles(String name) {
        return tensor(name).toDoubles();
    }

    /** {@return an integer tensor's values} */
    public long[] longs(String name) {
        return tensor(name).toLongs();
    }

    /** {@return a tensor's extents} */
    public List<Integer> shape(String name) {
        return tensor(name).shape();
    }

    /** {@return an integer of the config} */
    public int integer(String name) {
        return setting(name).getAsInt();
    }

    /** {@return a number of the config} */
    public double number(String name) {
        return setting(name).getAsDouble();
    }

    /** {@return a text of the config, such as the norm} */
    public String text(String name) {
        return setting(name).getAsString();
    }

    /** {@return a truth value of the config} */
    public boolean truth(String name) {
        return setting(name).getAsBoolean();
    }

    private JsonElement setting(String name) {
        JsonElement element = config.get(name);
        if (element == null) {
            throw new IllegalArgumentException(path + ": the config has no " + name + ", only " + config.keySet());
        }
        return element;
    }

    /** {@return the network of a file of the kinds net, net_seeded and train} */
    public CodaNetConfig network() {
        return network(config);
    }

    /** {@return the network that a golden config describes; other fields are ignored} */
    public static CodaNetConfig network(JsonObject config) {
        JsonObject network = new JsonObject();
        config.entrySet().stream()
                .filter(entry -> NETWORK_FIELDS.contains(entry.getKey()))
                .forEach(entry -> network.add(entry.getKey(), entry.getValue()));
        return CodaNetConfig.fromJson(network.toString());
    }

    /** {@return the names of the weights in the order of the authors' state_dict} */
    public List<String> stateKeys() {
        JsonArray keys =
                JsonParser.parseString(content.metadata().get("state_keys")).getAsJsonArray();
        List<String> names = new ArrayList<>();
        keys.forEach(key -> names.add(key.getAsString()));
        return names;
    }

    /** {@return the weights of a file that has them under the authors' keys} */
    public NamedTensors weights() {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        stateKeys().forEach(key -> weights.put(key, tensor(key)));
        return new NamedTensors(weights);
    }

    /** {@return the name, for the names of parameterized tests} */
    @Override
    public String toString() {
        return name();
    }
}
