package org.codanet.evaluate;

import java.util.List;

/**
 * The scores of a network on a set of images.
 *
 * @param images number of images
 * @param loss mean over the images
 * @param top1 share of images whose label has the highest logit, 0 to 1
 * @param top5 share of images whose label has one of the five highest logits, 0 to 1
 * @param confusion row i, column j: number of images with label i whose highest logit is that of class j
 */
public record Evaluation(long images, double loss, double top1, double top5, List<List<Long>> confusion) {
    /** Keeps copies of the rows. */
    public Evaluation {
        confusion = confusion.stream().map(List::copyOf).toList();
    }

    /** Number of images with this label. @throws IndexOutOfBoundsException if there is no such class */
    public long images(int label) {
        return row(label).stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Top-1 of the images with this label; NaN if there are none.
     *
     * @throws IndexOutOfBoundsException if there is no such class
     */
    public double top1(int label) {
        return (double) row(label).get(label) / images(label);
    }

    private List<Long> row(int label) {
        if (label < 0 || label >= confusion.size()) {
            throw new IndexOutOfBoundsException(
                    "evaluation: class " + label + " was asked for; there are 0 to " + (confusion.size() - 1));
        }
        return confusion.get(label);
    }
}
