package org.codanet.cli.option;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.codanet.explain.Target;
import org.codanet.model.CodaNetConfig;
import picocli.CommandLine.Option;

/** Which classes are explained. */
public final class TargetOption {
    private static final Pattern TOP = Pattern.compile("top([1-9]\\d{0,8})");

    @Option(
            names = "--target",
            paramLabel = "T",
            description =
                    "Classes to explain: top1, top3 and so on for the best of each image, all, or numbers or names of"
                            + " classes as in 3,5 or cat,dog. Default: top3 for pictures, top1 for arrays.")
    String target;

    @Option(
            names = "--against",
            paramLabel = "CLASS",
            description = "Explain the one class of --target against this one: the difference of their contributions.")
    String against;

    /** The classes, of a network with this config. @throws IllegalArgumentException if there is no such class */
    public Target of(CodaNetConfig config, String otherwise) {
        String text = target == null ? otherwise : target.strip();
        if (against != null) {
            List<Integer> favoured = target == null ? List.of() : classes(text, config);
            if (favoured.size() != 1) {
                throw new IllegalArgumentException("--against needs one class in --target to speak for");
            }
            return Target.against(favoured.getFirst(), classIndex(against.strip(), config));
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
        throw new IllegalArgumentException(
                "there is no class '" + text + "'; the network has 0 to " + (config.numClasses() - 1) + labels);
    }
}
