package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.explain.ClassScore;

/**
 * One image of a page.
 *
 * @param name where it came from, such as a file's name
 * @param input the image as the network reads it
 * @param truth index of the true class, if known
 * @param ranking the best classes, the best first; at least one
 * @param explained classes with their maps, in the order to show: usually the first of {@code ranking}, and the true class
 *     where the prediction is wrong
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

    /** The class the network decides for. */
    public ClassScore prediction() {
        return ranking.getFirst();
    }

    /** Whether the true class is known and another one was predicted. */
    public boolean isWrong() {
        return truth.isPresent() && truth.getAsInt() != prediction().index();
    }
}
