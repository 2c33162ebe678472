package org.codanet.data.dataset;

import java.util.List;
import java.util.Objects;

/**
 * What is known of a set of images before the first is read.
 *
 * @param name what reports call it
 * @param description one sentence
 * @param classNames by label; empty if there are no labels
 * @param naming where the class names come from
 * @param channels 1 or 3
 * @param height in pixels; 0 if it varies
 * @param width in pixels; 0 if it varies
 * @param remarks what a user should know, such as files that are left out, one sentence each; often empty
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
