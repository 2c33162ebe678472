package org.codanet.cli.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.report.ComparisonGallery;
import picocli.CommandLine.Option;

/** Other pictures of an explanation than maps with a page. */
public final class ViewOption {
    @Option(
            names = "--strip",
            paramLabel = "M,…",
            split = ",",
            description =
                    "Write one picture for each image and class: the input, then one map for each of these methods, each with its"
                            + " settings as NAME:KEY=VALUE.")
    List<String> strip;

    @Option(
            names = "--scale",
            paramLabel = "NAME",
            defaultValue = "image",
            description =
                    "Colours of --strip: image gives each map its own range, fixed gives all maps of a method the range of the first"
                            + " images. Default: ${DEFAULT-VALUE}.")
    public ComparisonGallery.Scale scale;

    @Option(
            names = "--layers",
            description =
                    "Write one picture for each image and class: the input, then the contributions of the pixels and of what each"
                            + " further layer reads.")
    public boolean layers;

    @Option(
            names = "--weights",
            description =
                    "Write the dynamic weights of each image and class in colours, as PNG with transparency where pixels do not"
                            + " contribute to the class.")
    public boolean weights;

    /** Whether one of the options is set. */
    public boolean isSet() {
        return strip != null || layers || weights;
    }

    /** The methods of the strips by the names that the user gave them; empty for no strips. */
    public Map<String, AttributionMethod> methods() {
        return strip == null ? Map.of() : parsed(strip);
    }

    /**
     * Methods with their settings.
     *
     * @param texts each as NAME:KEY=VALUE:KEY=VALUE
     * @throws IllegalArgumentException if there is no such method or setting
     */
    public static Map<String, AttributionMethod> parsed(List<String> texts) {
        Map<String, AttributionMethod> named = new LinkedHashMap<>();
        for (String text : texts) {
            String[] parts = text.split(":");
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = 1; i < parts.length; i++) {
                int equals = parts[i].indexOf('=');
                if (equals < 1) {
                    throw new IllegalArgumentException("method " + text + ": " + parts[i]
                            + " is not a setting; write NAME:KEY=VALUE, such as occlusion:size=9");
                }
                values.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
            }
            named.put(text, AttributionMethods.of(parts[0], values));
        }
        return named;
    }
}
