/**
 * Logits of images, and the scores of a network on a labelled data set. Read {@link org.codanet.evaluate.Evaluator} first. How a forward
 * pass runs is in {@code org.codanet.run}.
 */
package org.codanet.evaluate;
