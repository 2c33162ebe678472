package org.codanet.recipe;

import org.codanet.nn.op.LossKind;

/**
 * How a network is trained: everything but the network, the data and the seed.
 *
 * <p>The optimiser is Adam. Gradients of {@code microBatch} images at a time are added up until {@code virtualBatch} images
 * have been seen; then it steps.
 *
 * @param loss what is minimised
 * @param epochs passes over the training images, at least 1
 * @param microBatch images per forward pass, at least 1
 * @param virtualBatch images per optimiser step, a multiple of {@code microBatch}; the last step of an epoch may have fewer
 * @param accumulation after which micro-batches the optimiser steps
 * @param learningRate the rate over time
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0
 * @param weightDecay times the weights, added to their gradients, not negative
 * @param maxNorm bound on the norm of the whole gradient; 0 sets none
 * @param lambda weight of the linear-map regulariser; 0 leaves it out
 * @param augmentation how training images are varied
 */
public record TrainingRecipe(
        LossKind loss,
        int epochs,
        int microBatch,
        int virtualBatch,
        Accumulation accumulation,
        LearningRate learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxNorm,
        double lambda,
        AugmentationRecipe augmentation) {

    /**
     * Checks every number.
     *
     * @throws IllegalArgumentException with one sentence that names the wrong thing
     */
    public TrainingRecipe {
        check(
                loss != null && accumulation != null && learningRate != null && augmentation != null,
                "something is null");
        check(epochs >= 1, "epochs is %d, it must be at least 1", epochs);
        check(microBatch >= 1, "micro_batch is %d, it must be at least 1", microBatch);
        check(virtualBatch >= microBatch, "virtual_batch is %d, less than micro_batch %d", virtualBatch, microBatch);
        // Otherwise steps would be made of more and of fewer images in turns, while the learning rate counts equal
        // ones.
        check(
                virtualBatch % microBatch == 0,
                "virtual_batch is %d, no multiple of micro_batch %d",
                virtualBatch,
                microBatch);
        check(beta1 >= 0 && beta1 < 1, "beta1 is %s, it must be in [0, 1)", beta1);
        check(beta2 >= 0 && beta2 < 1, "beta2 is %s, it must be in [0, 1)", beta2);
        check(epsilon > 0 && Double.isFinite(epsilon), "epsilon is %s, it must be above 0", epsilon);
        check(notNegative(weightDecay), "weight_decay is %s, it must be 0 or above", weightDecay);
        check(notNegative(maxNorm), "max_norm is %s, it must be above 0, or 0 for none", maxNorm);
        check(notNegative(lambda), "lambda is %s, it must be 0 or above", lambda);
    }

    private static boolean notNegative(double value) {
        return value >= 0 && Double.isFinite(value);
    }

    private static void check(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException("training recipe: " + problem.formatted(values));
        }
    }

    /**
     * {@return a recipe with Adam's usual numbers, no clipping, no regulariser and no augmentation}
     *
     * @param loss what is minimised
     * @param epochs passes over the training images
     * @param batch images per forward pass and per step
     * @param learningRate the rate over time
     */
    public static TrainingRecipe of(LossKind loss, int epochs, int batch, LearningRate learningRate) {
        return new TrainingRecipe(
                loss,
                epochs,
                batch,
                batch,
                Accumulation.ALIGNED,
                learningRate,
                0.9,
                0.999,
                1e-8,
                0,
                0,
                0,
                AugmentationRecipe.NONE);
    }

    /**
     * {@return this recipe for another number of epochs; a schedule that depends on it is stretched}
     *
     * @param newEpochs at least 1
     */
    public TrainingRecipe withEpochs(int newEpochs) {
        return new TrainingRecipe(
                loss,
                newEpochs,
                microBatch,
                virtualBatch,
                accumulation,
                learningRate.forEpochs(newEpochs),
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                lambda,
                augmentation);
    }

    /**
     * {@return this recipe with other batches}
     *
     * @param micro images per forward pass
     * @param virtual images per optimiser step, a multiple of {@code micro}
     */
    public TrainingRecipe withBatches(int micro, int virtual) {
        return new TrainingRecipe(
                loss,
                epochs,
                micro,
                virtual,
                accumulation,
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                lambda,
                augmentation);
    }

    /**
     * {@return this recipe with another learning rate}
     *
     * @param schedule the rate over time
     */
    public TrainingRecipe withLearningRate(LearningRate schedule) {
        return new TrainingRecipe(
                loss,
                epochs,
                microBatch,
                virtualBatch,
                accumulation,
                schedule,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                lambda,
                augmentation);
    }

    /**
     * {@return this recipe with another way to add up gradients}
     *
     * @param protocol after which micro-batches the optimiser steps
     */
    public TrainingRecipe withAccumulation(Accumulation protocol) {
        return new TrainingRecipe(
                loss,
                epochs,
                microBatch,
                virtualBatch,
                protocol,
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                lambda,
                augmentation);
    }

    /**
     * {@return this recipe with another weight of the linear-map regulariser}
     *
     * @param weight 0 or above
     */
    public TrainingRecipe withLambda(double weight) {
        return new TrainingRecipe(
                loss,
                epochs,
                microBatch,
                virtualBatch,
                accumulation,
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                weight,
                augmentation);
    }

    /**
     * {@return this recipe with other variations of the training images}
     *
     * @param variations how training images are varied
     */
    public TrainingRecipe withAugmentation(AugmentationRecipe variations) {
        return new TrainingRecipe(
                loss,
                epochs,
                microBatch,
                virtualBatch,
                accumulation,
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxNorm,
                lambda,
                variations);
    }

    /** {@return this recipe as an indented JSON object; {@link #fromJson} gives an equal one} */
    public String toJson() {
        return RecipeJson.write(this);
    }

    /**
     * {@return the recipe that a JSON object describes}
     *
     * @param json a JSON object with the names of {@link #toJson}
     * @throws IllegalArgumentException if it is no such object, with one sentence that names the wrong or unknown field
     */
    public static TrainingRecipe fromJson(String json) {
        return RecipeJson.read(json);
    }
}
