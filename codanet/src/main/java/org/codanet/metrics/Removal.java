package org.codanet.metrics;

/** Which pixels of a map are removed first. */
public enum Removal {
    /** Those with the smallest values, the most negative first: a good map keeps the probability for long. */
    LEAST_IMPORTANT_FIRST,
    /** Those with the largest values: a good map makes the probability fall at once. */
    MOST_IMPORTANT_FIRST
}
