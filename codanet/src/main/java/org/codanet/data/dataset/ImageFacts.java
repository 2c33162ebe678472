package org.codanet.data.dataset;

import java.util.List;
import java.util.Objects;

/**
 * The properties of a data set that are known before the first image is read.
 *
 * @param name the name of the data set in reports
 * @param description one sentence, see {@link ImageDataset#description}
 * @param classNames the class names by label; empty if there are no labels
 * @param naming where the class names come from
 * @param channels 1 or 3
 * @param height the height in pixels; 0 if it may differ between images
 * @param width the width in pixels; 0 if it may differ between images
 * @param remarks remarks for the user, such as files that are skipped, one sentence each; often empty
 */
record ImageFacts(
        String name,
        String description,
        List<String> classNames,
        ClassNaming naming,
        int channels,
        int height,
        int width,
        List<String> remarks) {
    ImageFacts {
        Objects.requireNonNull(name);
        Objects.requireNonNull(description);
        Objects.requireNonNull(naming);
        classNames = List.copyOf(classNames);
        remarks = List.copyOf(remarks);
    }

    /** Images with a list of class names and without remarks. */
    ImageFacts(String name, String description, List<String> classNames, int channels, int height, int width) {
        this(name, description, classNames, ClassNaming.LIST, channels, height, width, List.of());
    }

    ImageFacts withNaming(ClassNaming other) {
        return new ImageFacts(name, description, classNames, other, channels, height, width, remarks);
    }

    ImageFacts withRemarks(List<String> others) {
        return new ImageFacts(name, description, classNames, naming, channels, height, width, others);
    }
}
