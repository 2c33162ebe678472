package org.codanet.evaluate;

import java.util.Arrays;
import java.util.List;
import org.codanet.nn.op.LossKind;

/** Accumulates the {@link Evaluation} of a network, image by image, in double precision. */
public final class EvaluationSums {
    private static final int TOP = 5;

    private final LossKind loss;
    private final int classes;
    private final long[][] confusion;
    private double lossSum;
    private long images;
    private long first;
    private long amongFive;

    /** Sums over no images yet. @param classes number of classes of the network */
    public EvaluationSums(LossKind loss, int classes) {
        this.loss = loss;
        this.classes = classes;
        this.confusion = new long[classes][classes];
    }

    /**
     * Adds one image.
     *
     * @param logits (N, K)
     * @param n index of the image among the N
     * @throws IllegalArgumentException if there is no such image, or no class of that label
     */
    public void add(float[] logits, int n, int label) {
        if (n < 0 || n >= logits.length / classes) {
            throw new IllegalArgumentException("evaluation: image " + n + " was asked for; there are "
                    + logits.length / classes + " with " + classes + " logits each");
        }
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException(
                    "evaluation: label " + label + " of a network with " + classes + " classes");
        }
        int start = n * classes;
        int rank = Ranking.rankOf(label, logits, start, classes);
        int predicted = 0;
        for (int k = 1; k < classes; k++) {
            predicted = logits[start + k] > logits[start + predicted] ? k : predicted;
        }
        images++;
        first += predicted == label ? 1 : 0;
        amongFive += rank < TOP ? 1 : 0;
        confusion[label][predicted]++;
        lossSum += loss == LossKind.CE ? softmaxLoss(logits, start, label) : sigmoidLoss(logits, start, label);
    }

    private double softmaxLoss(float[] logits, int start, int label) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            largest = Math.max(largest, logits[start + k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += Math.exp(logits[start + k] - largest);
        }
        return Math.log(sum) + largest - logits[start + label];
    }

    private double sigmoidLoss(float[] logits, int start, int label) {
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            double z = logits[start + k];
            sum += Math.max(z, 0) - (k == label ? z : 0) + Math.log1p(Math.exp(-Math.abs(z)));
        }
        return sum / classes;
    }

    /** Number of images so far. */
    public long images() {
        return images;
    }

    /** The scores of all images so far. @throws IllegalStateException if no image was added */
    public Evaluation result() {
        if (images == 0) {
            throw new IllegalStateException("evaluation: there was no image");
        }
        List<List<Long>> rows = Arrays.stream(confusion)
                .map(row -> Arrays.stream(row).boxed().toList())
                .toList();
        return new Evaluation(images, lossSum / images, (double) first / images, (double) amongFive / images, rows);
    }
}
