/**
 * Compares explanation methods on labelled images by the metrics of the paper. Start with {@link
 * org.codanet.comparison.Comparison}: it runs every method with every metric on every model, writes each value as soon as it is known, and
 * resumes an interrupted run when it is repeated.
 */
package org.codanet.comparison;
