package org.codanet.explain;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.model.NetworkConfig;
import org.codanet.nn.op.LossKind;

/** Ranks the classes of an image by their logits. */
public final class ClassRanking {
    private ClassRanking() {}

    /**
     * The classes with the highest logits of one image, in descending order. Of equal logits the lower class index comes first.
     *
     * @param loss that the network was trained with, which defines the probabilities
     * @param logits (N, K)
     * @param image index into N
     * @param limit the largest number of classes to return
     */
    public static List<ClassScore> of(NetworkConfig config, LossKind loss, float[] logits, int image, int limit) {
        int classes = config.numClasses();
        float[] row = Arrays.copyOfRange(logits, image * classes, (image + 1) * classes);
        float[] probabilities = Probabilities.of(loss, row, classes);
        return IntStream.range(0, classes)
                .mapToObj(k -> new ClassScore(k, config.label(k), row[k], probabilities[k]))
                .sorted(Comparator.comparingDouble((ClassScore s) -> -s.logit()))
                .limit(limit)
                .toList();
    }
}
