package org.codanet.explain;

/**
 * The network's output for one class of one image.
 *
 * @param index of the class
 * @param label name of the class
 * @param logit the network's output; where two classes are compared, the difference of their logits
 * @param probability in [0, 1], computed from the logits as the training loss defines it, see {@link Probabilities}
 */
public record ClassScore(int index, String label, double logit, double probability) {}
