package org.codanet.evaluate;

import java.util.List;

/**
 * How well a network does on a set of images.
 *
 * @param images how many there were
 * @param loss mean over them
 * @param top1 share of images with the right class first, 0 to 1
 * @param top5 share of images with the right class among the first five
 * @param confusion how often an image of class i was taken for class j: row i, column j
 */
public record Evaluation(long images, double loss, double top1, double top5, List<List<Long>> confusion) {
    /** Keeps copies of the rows. */
    public Evaluation {
        confusion = confusion.stream().map(List::copyOf).toList();
    }

    /** Images of a class. @throws IndexOutOfBoundsException if there is no such class */
    public long images(int label) {
        return row(label).stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Share of a class's images with the right class first; NaN for a class without images.
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
