package org.codanet.data.dataset;

import java.util.List;

/** A data set whose properties and labels are known before the first image is read. Subclasses read the pixels. */
abstract class LabelledImages implements ImageDataset {
    private final ImageFacts facts;
    private final int[] labels;

    /**
     * Creates a data set.
     *
     * @param labels the label of each image; empty if the images have no labels
     */
    LabelledImages(ImageFacts facts, int[] labels) {
        this.facts = facts;
        this.labels = labels;
    }

    @Override
    public final String name() {
        return facts.name();
    }

    @Override
    public final String description() {
        return facts.description();
    }

    @Override
    public final int channels() {
        return facts.channels();
    }

    @Override
    public final int height() {
        return facts.height();
    }

    @Override
    public final int width() {
        return facts.width();
    }

    @Override
    public final List<String> classNames() {
        return facts.classNames();
    }

    @Override
    public final ClassNaming naming() {
        return facts.naming();
    }

    @Override
    public final List<String> remarks() {
        return facts.remarks();
    }

    @Override
    public final int label(int index) {
        requireImage(index);
        return labels.length == 0 ? -1 : labels[index];
    }

    /** @throws IndexOutOfBoundsException if there is no image with this index */
    final void requireImage(int index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException(
                    name() + ": image " + index + " was asked for; there are " + size() + ", counted from 0");
        }
    }
}
