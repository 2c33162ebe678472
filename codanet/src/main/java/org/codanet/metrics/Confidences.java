package org.codanet.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * For each class, the images that the network classifies correctly, the most confident first. The localisation metric draws its
 * images from these lists. The confidence is the logit of the class; images with equal confidence are in the order of the dataset.
 */
public final class Confidences {
    private final List<List<Image>> classes;

    /**
     * An image and its confidence.
     *
     * @param index in the dataset
     * @param logit of its class
     */
    public record Image(int index, float logit) {
        /** {@return whether the sigmoid of the logit, in float32, exceeds 0.5} */
        boolean isConfident() {
            return (float) (1 / (1 + Math.exp(-(double) logit))) > 0.5f;
        }
    }

    private Confidences(List<List<Image>> classes) {
        this.classes = classes;
    }

    /**
     * The lists of a dataset.
     *
     * @param logits (N, K)
     * @param labels N labels from 0 to K - 1
     * @param count K
     * @throws IllegalArgumentException if the arrays do not fit together or a logit is not a number
     */
    public static Confidences of(float[] logits, int[] labels, int count) {
        if (logits.length != (long) labels.length * count) {
            throw new IllegalArgumentException("confidences: " + logits.length + " logits are not those of "
                    + labels.length + " images and " + count + " classes");
        }
        List<List<Image>> classes = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            classes.add(new ArrayList<>());
        }
        for (int n = 0; n < labels.length; n++) {
            int highest = highest(logits, n * count, count);
            if (highest == labels[n]) {
                classes.get(highest).add(new Image(n, logits[n * count + highest]));
            }
        }
        classes.forEach(list -> list.sort(Comparator.comparing(Image::logit).reversed()));
        return new Confidences(classes.stream().map(List::copyOf).toList());
    }

    private static int highest(float[] logits, int start, int count) {
        int best = 0;
        for (int k = 0; k < count; k++) {
            if (Float.isNaN(logits[start + k])) {
                throw new IllegalArgumentException(
                        "confidences: logit " + k + " of image " + start / count + " is not a number");
            }
            if (logits[start + k] > logits[start + best]) {
                best = k;
            }
        }
        return best;
    }

    /** {@return the number of classes, K} */
    public int classes() {
        return classes.size();
    }

    /** {@return the correctly classified images of a class, the most confident first} */
    public List<Image> images(int k) {
        return classes.get(k);
    }
}
