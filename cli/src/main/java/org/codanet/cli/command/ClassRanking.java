package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.explain.Probabilities;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.op.LossKind;
import org.codanet.report.ClassScore;

/** The classes of an image in the order of their logits. */
final class ClassRanking {
    private ClassRanking() {}

    /**
     * The best classes of one image, the best first.
     *
     * @param logits (N, K)
     * @param n which image
     * @param most how many
     */
    static List<ClassScore> of(CodaNetConfig config, LossKind loss, float[] logits, int n, int most) {
        int classes = config.numClasses();
        float[] row = java.util.Arrays.copyOfRange(logits, n * classes, (n + 1) * classes);
        float[] probabilities = Probabilities.of(loss, row, classes);
        return IntStream.range(0, classes)
                .mapToObj(k -> new ClassScore(k, config.label(k), row[k], probabilities[k]))
                .sorted(Comparator.comparingDouble((ClassScore s) -> -s.logit()))
                .limit(most)
                .toList();
    }

    /** For programs. */
    static JsonArray json(List<ClassScore> ranking) {
        JsonArray classes = new JsonArray();
        for (ClassScore score : ranking) {
            JsonObject one = new JsonObject();
            one.addProperty("class", score.index());
            one.addProperty("label", score.label());
            one.addProperty("logit", score.logit());
            one.addProperty("probability", score.probability());
            classes.add(one);
        }
        return classes;
    }

    /** How logits of this loss become probabilities, for readers of a page. */
    static String meaning(LossKind loss) {
        return loss == LossKind.CE
                ? "The share that a class has among all classes, by its logit: the numbers of all classes add up to 100 %."
                : "The logit pressed into 0 to 100 %. Each class is judged on its own, so that the numbers need not add up to"
                        + " 100 %.";
    }
}
