package org.codanet.cli.option;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.codanet.explain.Target;
import org.codanet.model.CodaNetConfig;
import picocli.CommandLine.Option;

/** The classes to explain. */
public final class TargetOption {
    private static final Pattern TOP = Pattern.compile("top([1-9]\\d{0,8})");

    @Option(
            names = "--target",
            paramLabel = "T",
            description =
                    "Classes to explain: top1, top3 and so on for the best classes of each image, all, or class numbers or"
                            + " names such as 3,5 or cat,dog. Default: top3 for pictures, top1 for arrays.")
    String target;

    @Option(
            names = "--against",
            paramLabel = "CLASS",
            description =
                    "Explain why the class of --target is preferred to this one: the difference of their contributions.")
    String against;

    /**
     * The classes to explain.
     *
     * @param config of the network, which names its classes
     * @param defaultTarget used if the command line names no target
     * @throws IllegalArgumentException if the network has no such class
     */
    public Target of(CodaNetConfig config, String defaultTarget) {
        String text = target == null ? defaultTarget : target.strip();
        if (against != null) {
            List<Integer> preferred = target == null ? List.of() : classes(text, config);
            if (preferred.size() != 1) {
                throw new IllegalArgumentException("--against requires exactly one class in --target");
            }
            return Target.against(preferred.getFirst(), classIndex(against.strip(), config));
        }
        Matcher top = TOP.matcher(text);
        if (top.matches()) {
            return Target.topK(Integer.parseInt(top.group(1)));
        }
        return text.equals("all") ? Target.all() : new Target.Classes(classes(text, config));
    }

    private static List<Integer> classes(String text, CodaNetConfig config) {
        List<Integer> classes = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            classes.add(classIndex(part.strip(), config));
        }
        return classes;
    }

    private static int classIndex(String text, CodaNetConfig config) {
        for (int k = 0; k < config.numClasses(); k++) {
            if (text.equals(Integer.toString(k)) || text.equalsIgnoreCase(config.label(k))) {
                return k;
            }
        }
        String labels = config.labels().isEmpty() || config.numClasses() > 20
                ? ""
                : " or " + String.join(", ", config.labels());
        throw new IllegalArgumentException("there is no class '" + text + "'; the network has the classes 0 to "
                + (config.numClasses() - 1) + labels);
    }
}
