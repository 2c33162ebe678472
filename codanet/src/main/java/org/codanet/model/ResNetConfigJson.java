package org.codanet.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import org.codanet.json.JsonFields;

/** The JSON form of a {@link ResNetConfig}. */
final class ResNetConfigJson {
    /** The field that tells the config of a ResNet from that of a CoDA-Net. */
    static final String ARCHITECTURE = "architecture";

    private static final String RESNET = "resnet";

    private static final Gson INDENTED =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final Gson COMPACT = new GsonBuilder().disableHtmlEscaping().create();

    private ResNetConfigJson() {}

    static String writeIndented(ResNetConfig config) {
        return INDENTED.toJson(object(config));
    }

    static String writeCompact(ResNetConfig config) {
        return COMPACT.toJson(object(config));
    }

    private static JsonObject object(ResNetConfig config) {
        JsonObject json = new JsonObject();
        json.addProperty(ARCHITECTURE, RESNET);
        json.addProperty("family", config.family().name().toLowerCase(Locale.ROOT));
        json.addProperty("bottleneck", config.bottleneck());
        json.add("widths", COMPACT.toJsonTree(config.widths()));
        json.add("blocks", COMPACT.toJsonTree(config.blocks()));
        json.add("mean", COMPACT.toJsonTree(config.mean()));
        json.add("deviation", COMPACT.toJsonTree(config.deviation()));
        json.addProperty("num_classes", config.numClasses());
        json.add("labels", COMPACT.toJsonTree(config.labels()));
        return json;
    }

    /** @throws IllegalArgumentException if the text describes no ResNet, with one sentence that names the wrong or unknown field */
    static ResNetConfig read(String text) {
        JsonFields fields = JsonFields.parse(CodaNetConfigJson.SUBJECT, text);
        if (!fields.text(ARCHITECTURE).equals(RESNET)) {
            throw new IllegalArgumentException(CodaNetConfigJson.SUBJECT + ": architecture is \""
                    + fields.text(ARCHITECTURE) + "\", not " + RESNET + "; a CoDA-Net has no such field");
        }
        ResNetConfig config = new ResNetConfig(
                family(fields.text("family")),
                fields.truth("bottleneck"),
                fields.integers("widths"),
                fields.integers("blocks"),
                fields.numbers("mean"),
                fields.numbers("deviation"),
                fields.integer("num_classes"),
                fields.has("labels") ? fields.texts("labels") : List.of());
        fields.ignore("loss");
        fields.ignore("image_size");
        fields.finish();
        return config;
    }

    private static ResNetConfig.Family family(String name) {
        for (ResNetConfig.Family family : ResNetConfig.Family.values()) {
            if (family.name().toLowerCase(Locale.ROOT).equals(name)) {
                return family;
            }
        }
        throw new IllegalArgumentException(
                CodaNetConfigJson.SUBJECT + ": family is \"" + name + "\", it must be cifar or imagenet");
    }
}
