/**
 * Training. Read {@link org.codanet.train.Trainer} first: the loop over epochs and micro-batches. {@link org.codanet.train.TrainingStep} is
 * the arithmetic of one step, and {@link org.codanet.train.TrainingCheckpoint} is the state from which a run can be resumed. How a network is
 * trained is a value, {@link org.codanet.recipe.TrainingRecipe}.
 */
package org.codanet.train;
