package org.codanet.attribution.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.codanet.attribution.AttributionMethod;

/** The methods by name. */
public final class AttributionMethods {
    private static final Map<String, Entry> ENTRIES = new LinkedHashMap<>();

    /** A method's description, and how it is created from its settings. */
    private record Entry(String description, Function<MethodSettings, AttributionMethod> make) {}

    /** Short names of methods with given settings, such as {@code occ5}. */
    private static final Map<String, Map<String, String>> SHORT_NAMES = Map.of(
            "occ5", Map.of("size", "5", "stride", "2"),
            "occ9", Map.of("size", "9", "stride", "2"));

    static {
        add("ours", "the network's own contributions, which add up to the logit", s -> new Contributions(false));
        add(
                "ours_relative",
                "the contributions minus those to the mean logit of all classes",
                s -> new Contributions(true));
        add("grad", "the gradient of the logit", s -> Gradient.PLAIN);
        add("ixg", "the image times the gradient", s -> Gradient.TIMES_INPUT);
        add(
                "intgrad",
                "the gradient integrated from a baseline to the image",
                s -> new IntegratedGradients(s.integer("n_steps", 20, 1), Baseline.parse(s.text("baseline", "0"))));
        add("gb", "GuidedBackprop", s -> Gradient.GUIDED);
        add("deeplift", "DeepLIFT with the Rescale rule and a black baseline", s -> Gradient.DEEPLIFT);
        add("gcam", "GradCAM at the last layer", s -> new GradCam());
        add(
                "occlusion",
                "how much the logit falls when a square is black",
                s -> new Occlusion(s.integer("size", 5, 1), s.integer("stride", 2, 1), window(s)));
        add(
                "rise",
                "random masks weighted by the probability of the masked image",
                s -> new Rise(
                        s.integer("masks", 6000, 1),
                        s.integer("cells", 6, 1),
                        s.number("p", 0.1, 1),
                        s.integer("seed", 0, 0)));
        add(
                "lime",
                "a linear model over superpixels",
                s -> new Lime(
                        s.integer("samples", 256, 1),
                        s.integer("features", 3, 1),
                        new Quickshift(
                                s.number("kernel", 1, 100),
                                s.number("max_dist", 200, Double.POSITIVE_INFINITY),
                                s.number("ratio", 0.2, 1)),
                        s.integer("seed", 0, 0)));
        add(
                "smoothgrad",
                "the gradient averaged over noisy copies of the image",
                s -> new SmoothGrad(s.integer("samples", 50, 1), s.number("noise", 0.15, 10), s.integer("seed", 0, 0)));
    }

    private AttributionMethods() {}

    private static void add(String name, String description, Function<MethodSettings, AttributionMethod> make) {
        ENTRIES.put(name, new Entry(description, make));
    }

    private static Occlusion.Window window(MethodSettings settings) {
        String text = settings.text("window", "exact");
        for (Occlusion.Window window : Occlusion.Window.values()) {
            if (window.name().toLowerCase(Locale.ROOT).equals(text)) {
                return window;
            }
        }
        throw new IllegalArgumentException("occlusion: window is " + text + ", it must be exact or original");
    }

    /** {@return the names, in the order in which they are listed} */
    public static List<String> names() {
        return List.copyOf(ENTRIES.keySet());
    }

    /** {@return what a method does, in a few words} */
    public static String description(String name) {
        return entry(name).description();
    }

    /** {@return the settings of a method and their defaults, in order} */
    public static Map<String, String> defaults(String name) {
        MethodSettings settings = new MethodSettings(name, Map.of());
        entry(name).make().apply(settings);
        return settings.defaults();
    }

    /**
     * {@return a method}
     *
     * @param name one of {@link #names}, or {@code occ5} or {@code occ9} for occlusion with these sizes and stride 2
     * @param settings by name; missing settings have their defaults
     * @throws IllegalArgumentException if there is no such method or setting, or a value is out of its range
     */
    public static AttributionMethod of(String name, Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(SHORT_NAMES.getOrDefault(name, Map.of()));
        all.putAll(settings);
        String method = SHORT_NAMES.containsKey(name) ? "occlusion" : name;
        MethodSettings values = new MethodSettings(method, all);
        AttributionMethod result = entry(method).make().apply(values);
        values.finish();
        return result;
    }

    private static Entry entry(String name) {
        Entry entry = ENTRIES.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "there is no attribution method " + name + "; there are " + String.join(", ", ENTRIES.keySet()));
        }
        return entry;
    }
}
