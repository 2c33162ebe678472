package org.codanet.metrics;

/** Which pixels of a map are removed first. */
public enum Removal {
    /** Those with the smallest values, the most negative first: with a good map the probability remains high for many points. */
    LEAST_IMPORTANT_FIRST,
    /** Those with the largest values: with a good map the probability falls at the first points. */
    MOST_IMPORTANT_FIRST
}
