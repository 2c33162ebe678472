/**
 * Training and evaluation. A {@link org.codanet.recipe.TrainingRecipe} says how a network is trained, a
 * {@link org.codanet.recipe.LearningRate} how fast; {@link org.codanet.train.Trainer} is the loop, {@link
 * org.codanet.train.TrainingStep} the arithmetic of one step, {@link org.codanet.train.TrainingCheckpoint} what a run writes
 * down so that it can go on.
 */
package org.codanet.train;
