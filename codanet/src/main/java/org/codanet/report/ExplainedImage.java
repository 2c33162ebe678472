package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.explain.ClassScore;

/**
 * One image with the classes of the highest logits and the maps of some classes.
 *
 * @param name origin of the image, such as the path of its file
 * @param input the image as the network reads it, after preprocessing
 * @param truth index of the true class; empty if it is not known
 * @param ranking classes in descending order of their logits; at least one
 * @param explained classes with their maps, in the order of the page; at least one. They are usually the first classes of
 *     {@code ranking}, and the true class if the prediction is wrong
 */
public record ExplainedImage(
        String name, BufferedImage input, OptionalInt truth, List<ClassScore> ranking, List<ExplainedClass> explained) {
    public ExplainedImage {
        ranking = List.copyOf(ranking);
        explained = List.copyOf(explained);
        if (ranking.isEmpty() || explained.isEmpty()) {
            throw new IllegalArgumentException(
                    "page: image '" + name + "' needs a ranking and at least one explained class");
        }
    }

    /** The predicted class: the one with the highest logit. */
    public ClassScore prediction() {
        return ranking.getFirst();
    }

    /** Whether the true class is known and another class was predicted. */
    public boolean isWrong() {
        return truth.isPresent() && truth.getAsInt() != prediction().index();
    }
}
