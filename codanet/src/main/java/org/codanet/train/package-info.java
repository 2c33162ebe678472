/**
 * Training and evaluation. A {@link org.codanet.train.TrainingRecipe} says how a network is trained, a
 * {@link org.codanet.train.LearningRate} how fast.
 */
package org.codanet.train;
