package org.codanet.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import org.codanet.json.JsonFields;
import org.codanet.nn.op.alignment.Norm;

/**
 * The JSON form of a {@link CodaNetConfig}. Each size of a layer is a field of its own, a list with one entry per layer; norm
 * and bias are written once for the whole network.
 */
final class CodaNetConfigJson {
    /** The name of a config in error messages. */
    static final String SUBJECT = "network config";

    private static final Gson INDENTED =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final Gson COMPACT = new GsonBuilder().disableHtmlEscaping().create();

    private CodaNetConfigJson() {}

    /** {@return the config as JSON over several lines, for people} */
    static String writeIndented(CodaNetConfig config) {
        return INDENTED.toJson(object(config));
    }

    /** {@return the config as JSON on one line, for the metadata of a model file} */
    static String writeCompact(CodaNetConfig config) {
        return COMPACT.toJson(object(config));
    }

    private static JsonObject object(CodaNetConfig config) {
        JsonObject json = new JsonObject();
        json.addProperty("in_channels", config.inChannels());
        json.add("out_channels", perLayer(config, LayerConfig::outChannels));
        json.add("ranks", perLayer(config, LayerConfig::rank));
        json.add("kernels", perLayer(config, LayerConfig::kernel));
        json.add("strides", perLayer(config, LayerConfig::stride));
        json.add("paddings", perLayer(config, LayerConfig::padding));
        json.addProperty("norm", config.norm().name());
        json.addProperty("logit_bias", config.logitBias());
        json.addProperty("temperature", config.temperature());
        json.addProperty("num_classes", config.numClasses());
        json.addProperty("add_inverse", config.addInverse());
        json.add("labels", COMPACT.toJsonTree(config.labels()));
        json.addProperty("bias", config.bias());
        return json;
    }

    private static JsonArray perLayer(CodaNetConfig config, ToIntFunction<LayerConfig> size) {
        JsonArray sizes = new JsonArray();
        config.layers().forEach(layer -> sizes.add(size.applyAsInt(layer)));
        return sizes;
    }

    /**
     * {@return the config that a JSON object describes; see {@link CodaNetConfig#fromJson}}
     *
     * @throws IllegalArgumentException if it describes none, with one sentence that names the wrong or unknown field
     */
    static CodaNetConfig read(String text) {
        JsonFields fields = JsonFields.parse(SUBJECT, text);
        Norm norm = norm(fields.text("norm"));
        List<Integer> outChannels = fields.integers("out_channels");
        int depth = outChannels.size();
        if (depth == 0) {
            throw new IllegalArgumentException(SUBJECT + ": out_channels is empty; a network has at least one layer");
        }
        List<Integer> ranks = perLayer(fields, "ranks", depth);
        List<Integer> kernels = perLayer(fields, "kernels", depth);
        List<Integer> strides = perLayer(fields, "strides", depth);
        List<Integer> paddings = perLayer(fields, "paddings", depth);
        CodaNetConfig.Builder builder = CodaNetConfig.builder(fields.integer("in_channels"))
                .norm(norm)
                .temperature(fields.number("temperature"))
                .addInverse(fields.truth("add_inverse"));
        for (int i = 0; i < depth; i++) {
            builder.layer(outChannels.get(i), ranks.get(i), kernels.get(i), strides.get(i), paddings.get(i));
        }
        if (fields.has("logit_bias")) {
            builder.logitBias(fields.number("logit_bias"));
        }
        if (fields.has("labels")) {
            builder.labels(fields.texts("labels"));
        }
        if (fields.has("bias")) {
            builder.bias(fields.truth("bias"));
        }
        int classes = fields.integer("num_classes");
        if (classes != outChannels.getLast()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s: num_classes is %d, but the last of out_channels is %d",
                    SUBJECT,
                    classes,
                    outChannels.getLast()));
        }
        fields.ignore("loss");
        fields.ignore("image_size");
        CodaNetConfig config = builder.build();
        fields.finish();
        return config;
    }

    private static List<Integer> perLayer(JsonFields fields, String name, int depth) {
        List<Integer> values = fields.integers(name);
        if (values.size() != depth) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "%s: %s has %d entries, out_channels has %d", SUBJECT, name, values.size(), depth));
        }
        return values;
    }

    private static Norm norm(String name) {
        for (Norm norm : Norm.values()) {
            if (norm.name().equals(name)) {
                return norm;
            }
        }
        throw new IllegalArgumentException(
                SUBJECT + ": norm is \"" + name + "\", not one of " + Arrays.toString(Norm.values()));
    }
}
