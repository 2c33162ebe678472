package org.codanet.data.dataset;

import java.util.List;
import java.util.Objects;

/**
 * What a set of images says of itself.
 *
 * @param name what reports call it
 * @param description one sentence
 * @param classNames by label; empty if there are no labels
 * @param channels 1 or 3
 * @param height in pixels; 0 if it varies
 * @param width in pixels; 0 if it varies
 */
record ImageFacts(String name, String description, List<String> classNames, int channels, int height, int width) {
    ImageFacts {
        Objects.requireNonNull(name);
        Objects.requireNonNull(description);
        classNames = List.copyOf(classNames);
    }
}
