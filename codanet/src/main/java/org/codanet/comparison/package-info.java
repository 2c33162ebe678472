/**
 * Compares explanation methods on labelled images by the metrics of the paper. Start with {@link
 * org.codanet.comparison.Comparison}: it runs every method with every metric on every model, writes each value as soon as it is known, and
 * goes on where it was when a run is repeated after an interruption.
 */
package org.codanet.comparison;
