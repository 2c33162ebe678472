package org.codanet.cli.command;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.explain.Explanation;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Shape;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.report.ClassScore;
import org.codanet.report.ExplainedClass;
import org.codanet.report.ExplainedImage;

/** From explanations to what a page shows. */
final class PageImages {
    private static final int RANKING = 5;

    private PageImages() {}

    /**
     * One image of a page.
     *
     * @param values (N, C, H, W) in [0, 1]
     * @param n which of them, the same in {@code explanation}
     * @param truth the true class, if known
     */
    static ExplainedImage of(
            CodaNetConfig config,
            LossKind loss,
            String name,
            float[] values,
            Shape shape,
            Explanation explanation,
            int n,
            OptionalInt truth) {
        float[] logits = new float[explanation.logits().remaining()];
        explanation.logits().get(logits);
        List<ExplainedClass> explained = new ArrayList<>();
        for (int t = 0; t < explanation.targets(); t++) {
            explained.add(new ExplainedClass(
                    score(config, explanation, n, t),
                    explanation.against().map(config::label),
                    map(explanation, n, t),
                    explanation.bias(),
                    explanation.tolerance(n, t)));
        }
        int stride = shape.extent(1) * shape.extent(2) * shape.extent(3);
        return new ExplainedImage(
                name,
                Picture.ofPlanes(values, n * stride, shape.extent(1), shape.extent(2), shape.extent(3)),
                truth,
                ClassRanking.of(config, loss, logits, n, RANKING),
                explained);
    }

    /** Map t of image n. */
    static SignedMap map(Explanation explanation, int n, int t) {
        return SignedMap.of(explanation.height(), explanation.width(), explanation.contributions(n, t));
    }

    private static ClassScore score(CodaNetConfig config, Explanation explanation, int n, int t) {
        int k = explanation.classes(n).get(t);
        return new ClassScore(k, config.label(k), explanation.value(n, t), explanation.probability(n, k));
    }

    /** Extents in words, such as 32 x 32 pixels. */
    static String extents(Preprocessing images) {
        return images.height() + " x " + images.width() + " pixels, " + (images.channels() == 1 ? "grey" : "colour");
    }
}
