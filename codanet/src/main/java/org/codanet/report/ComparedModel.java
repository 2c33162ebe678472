package org.codanet.report;

import java.util.List;
import java.util.Optional;
import org.codanet.comparison.Series;

/**
 * A model in the report of a comparison.
 *
 * @param name in plots and tables
 * @param description its size in a few words
 * @param hash SHA-256 of its weights
 * @param results in the order of metrics and methods
 * @param gallery images with their maps; empty for none
 */
public record ComparedModel(
        String name, String description, String hash, List<Result> results, Optional<ComparisonGallery> gallery) {
    /** Copies the list. */
    public ComparedModel {
        results = List.copyOf(results);
    }

    /**
     * The values of one method by one metric.
     *
     * @param published the value that the authors of CoDA-Nets published for this network and method
     */
    public record Result(Series series, Optional<PublishedValue> published) {}
}
