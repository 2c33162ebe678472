package org.codanet.report;

/**
 * What the network says of one class.
 *
 * @param index which of the model's classes
 * @param label its name
 * @param logit the network's output
 * @param probability in [0, 1]: the logit through the function that the model was trained with
 */
public record ClassScore(int index, String label, double logit, double probability) {}
