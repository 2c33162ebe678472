package org.codanet.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.tensor.Shape;
import org.codanet.report.ClassScore;
import org.codanet.report.ExplainedImage;

/** A choice of test images with their explanations: one right answer of each class, then wrong ones. */
final class Showcase {
    private static final int LOOKED_AT = 400;
    private static final int RIGHT = 10;
    private static final int WRONG = 6;
    private static final int MAPS = 3;

    private final CodaNet net;
    private final ImageDataset data;
    private final long memoryBudget;

    /** @param data labelled images of the extents that the network reads */
    Showcase(CodaNet net, ImageDataset data, long memoryBudget) {
        this.net = net;
        this.data = data;
        this.memoryBudget = memoryBudget;
    }

    /** The images, right ones first, in the order of the classes. */
    List<ExplainedImage> images() throws IOException {
        // Sets may be sorted by class: look at images from all over.
        int count = Math.min(LOOKED_AT, data.size());
        int[] candidates = new int[count];
        for (int i = 0; i < count; i++) {
            candidates[i] = (int) ((long) i * data.size() / count);
        }
        float[] values = values(candidates);
        Shape shape = shape(count);
        float[] logits = new Evaluator(net, memoryBudget).logits(values, shape);
        List<Integer> chosen = choose(candidates, logits);
        return explain(chosen, candidates, logits);
    }

    private List<Integer> choose(int[] candidates, float[] logits) {
        List<Integer> right = new ArrayList<>();
        List<Integer> wrong = new ArrayList<>();
        for (int k = 0; k < net.config().numClasses() && right.size() < RIGHT; k++) {
            for (int i = 0; i < candidates.length; i++) {
                if (data.label(candidates[i]) == k
                        && best(logits, i, 1).getFirst().index() == k) {
                    right.add(i);
                    break;
                }
            }
        }
        for (int i = 0; i < candidates.length && wrong.size() < WRONG; i++) {
            if (best(logits, i, 1).getFirst().index() != data.label(candidates[i])) {
                wrong.add(i);
            }
        }
        right.addAll(wrong);
        return right;
    }

    private List<ExplainedImage> explain(List<Integer> chosen, int[] candidates, float[] logits) throws IOException {
        int[] indices = chosen.stream().mapToInt(i -> candidates[i]).toArray();
        float[] values = values(indices);
        Shape shape = shape(indices.length);
        List<List<Integer>> targets = chosen.stream()
                .map(i -> targets(logits, i, data.label(candidates[i])))
                .toList();
        Explanation explanation = new Explainer(net, memoryBudget)
                .explain(
                        ImageBatch.of(values, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3)),
                        new Target.ClassesPerImage(targets),
                        Detail.POSITIONS);
        if (!explanation.identityHolds()) {
            throw new IllegalStateException("the contributions to a logit do not add up to it");
        }
        List<ExplainedImage> images = new ArrayList<>();
        for (int n = 0; n < indices.length; n++) {
            images.add(PageImages.of(
                    net.config(),
                    net.loss(),
                    "test image " + indices[n],
                    values,
                    shape,
                    explanation,
                    n,
                    OptionalInt.of(data.label(indices[n]))));
        }
        return images;
    }

    /** The best classes, the true one in any case in the last place. */
    private List<Integer> targets(float[] logits, int image, int truth) {
        List<Integer> targets = new ArrayList<>(
                best(logits, image, MAPS).stream().map(ClassScore::index).toList());
        if (!targets.contains(truth)) {
            targets.set(targets.size() - 1, truth);
        }
        return targets;
    }

    private List<ClassScore> best(float[] logits, int image, int most) {
        return ClassRanking.of(net.config(), net.loss(), logits, image, most);
    }

    private Shape shape(int count) {
        return Shape.of(count, data.channels(), data.height(), data.width());
    }

    private float[] values(int[] indices) throws IOException {
        int stride = data.channels() * data.height() * data.width();
        float[] values = new float[indices.length * stride];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(data.read(indices[i]).values(), 0, values, i * stride, stride);
        }
        return values;
    }
}
