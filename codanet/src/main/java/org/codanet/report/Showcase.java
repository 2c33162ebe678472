package org.codanet.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.IdentityCheck;
import org.codanet.explain.Target;
import org.codanet.input.ImageChunk;
import org.codanet.model.CodaNet;
import org.codanet.nn.tensor.Shape;

/**
 * Selects test images for a page and explains them: for each class the first image that is classified correctly, then some that
 * are classified wrongly.
 */
public final class Showcase {
    private static final int CANDIDATES = 400;
    private static final int MAX_RIGHT = 10;
    private static final int MAX_WRONG = 6;
    private static final int MAPS_PER_IMAGE = 3;

    private final CodaNet net;
    private final ImageDataset data;
    private final long memoryBudget;

    /**
     * Prepares a selection.
     *
     * @param data labelled images of the extents that the network reads
     * @param memoryBudget the largest number of bytes of native memory to use; 0 for no limit
     */
    public Showcase(CodaNet net, ImageDataset data, long memoryBudget) {
        this.net = net;
        this.data = data;
        this.memoryBudget = memoryBudget;
    }

    /** The explained images: first the correct ones in the order of the classes, then the wrong ones. */
    public List<ExplainedImage> images() throws IOException {
        // Datasets may be sorted by class, so the candidates are spread evenly over the whole set.
        int count = Math.min(CANDIDATES, data.size());
        int[] candidates = new int[count];
        for (int i = 0; i < count; i++) {
            candidates[i] = (int) ((long) i * data.size() / count);
        }
        float[] logits = new Evaluator(net, memoryBudget).logits(values(candidates), shape(count));
        List<Integer> chosen = choose(candidates, logits);
        return explain(chosen, candidates, logits);
    }

    /** The positions in {@code candidates} of the selected images. */
    private List<Integer> choose(int[] candidates, float[] logits) {
        List<Integer> right = new ArrayList<>();
        List<Integer> wrong = new ArrayList<>();
        for (int k = 0; k < net.config().numClasses() && right.size() < MAX_RIGHT; k++) {
            for (int i = 0; i < candidates.length; i++) {
                if (data.label(candidates[i]) == k
                        && best(logits, i, 1).getFirst().index() == k) {
                    right.add(i);
                    break;
                }
            }
        }
        for (int i = 0; i < candidates.length && wrong.size() < MAX_WRONG; i++) {
            if (best(logits, i, 1).getFirst().index() != data.label(candidates[i])) {
                wrong.add(i);
            }
        }
        right.addAll(wrong);
        return right;
    }

    private List<ExplainedImage> explain(List<Integer> chosen, int[] candidates, float[] logits) throws IOException {
        int[] indices = chosen.stream().mapToInt(i -> candidates[i]).toArray();
        ImageChunk images = new ImageChunk(
                values(indices),
                shape(indices.length),
                Arrays.stream(indices).mapToObj(i -> "test image " + i).toList());
        List<List<Integer>> targets = chosen.stream()
                .map(i -> targets(logits, i, data.label(candidates[i])))
                .toList();
        Explanation explanation = new Explainer(net, memoryBudget)
                .explain(images.batch(), new Target.ClassesPerImage(targets), Detail.POSITIONS);
        IdentityCheck.require(explanation, images.names(), net.config());
        List<ExplainedImage> explained = new ArrayList<>();
        for (int n = 0; n < indices.length; n++) {
            OptionalInt truth = OptionalInt.of(data.label(indices[n]));
            explained.add(PageImages.of(net.config(), net.loss(), images, explanation, n, truth));
        }
        return explained;
    }

    /** The best classes. If the true class is not among them, it replaces the last one. */
    private List<Integer> targets(float[] logits, int image, int truth) {
        List<Integer> targets = new ArrayList<>(best(logits, image, MAPS_PER_IMAGE).stream()
                .map(ClassScore::index)
                .toList());
        if (!targets.contains(truth)) {
            targets.set(targets.size() - 1, truth);
        }
        return targets;
    }

    private List<ClassScore> best(float[] logits, int image, int limit) {
        return ClassRanking.of(net.config(), net.loss(), logits, image, limit);
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
