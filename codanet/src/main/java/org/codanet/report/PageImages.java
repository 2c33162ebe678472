package org.codanet.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Explanation;
import org.codanet.input.ImageChunk;
import org.codanet.model.NetworkConfig;
import org.codanet.nn.op.LossKind;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/** Converts explanations to the values that a page shows. */
public final class PageImages {
    private static final int RANKED_CLASSES = 5;

    private PageImages() {}

    /**
     * One image of a page, with its best classes and the map of every explained class.
     *
     * @param loss that the network was trained with, which defines the probabilities
     * @param images that were explained
     * @param explanation of all of {@code images}
     * @param n index of the image in both
     * @param truth index of the true class, if it is known
     */
    public static ExplainedImage of(
            NetworkConfig config, LossKind loss, ImageChunk images, Explanation explanation, int n, OptionalInt truth) {
        float[] logits = new float[explanation.logits().remaining()];
        explanation.logits().get(logits);
        List<ExplainedClass> explained = new ArrayList<>();
        for (int t = 0; t < explanation.targets(); t++) {
            explained.add(new ExplainedClass(
                    score(config, explanation, n, t),
                    explanation.against().map(config::label),
                    SignedMap.of(explanation.height(), explanation.width(), explanation.contributions(n, t)),
                    explanation.bias(),
                    explanation.tolerance(n, t)));
        }
        int channels = images.shape().extent(1);
        int height = images.shape().extent(2);
        int width = images.shape().extent(3);
        return new ExplainedImage(
                images.names().get(n),
                Picture.ofPlanes(images.values(), n * channels * height * width, channels, height, width),
                truth,
                ClassRanking.of(config, loss, logits, n, RANKED_CLASSES),
                explained);
    }

    private static ClassScore score(NetworkConfig config, Explanation explanation, int n, int t) {
        int k = explanation.classes(n).get(t);
        return new ClassScore(k, config.label(k), explanation.value(n, t), explanation.probability(n, k));
    }
}
