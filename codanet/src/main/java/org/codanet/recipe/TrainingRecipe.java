package org.codanet.recipe;

import java.util.List;
import java.util.Locale;
import org.codanet.nn.op.LossKind;

/**
 * How a network is trained: everything except the network, the data and the seed.
 *
 * <p>The optimiser is Adam with gradient accumulation: each micro-batch takes one forward and one backward pass, and the
 * optimiser steps once {@code virtualBatch} images have contributed to the gradient.
 *
 * @param loss the loss that is minimised
 * @param epochs passes over the training images, at least 1
 * @param microBatch images per forward pass, at least 1
 * @param virtualBatch images per optimiser step, a multiple of {@code microBatch}; the last step of an epoch may have fewer
 * @param accumulation after which micro-batches the optimiser steps
 * @param learningRate the learning rate over time
 * @param optimiser the other settings of Adam
 * @param lambda weight of the linear-map regulariser; 0 switches it off
 * @param augmentation how training images are augmented
 * @param classWeights weight of each class, by which the loss of each of its training images is multiplied; empty for none
 */
public record TrainingRecipe(
        LossKind loss,
        int epochs,
        int microBatch,
        int virtualBatch,
        Accumulation accumulation,
        LearningRate learningRate,
        Optimiser optimiser,
        double lambda,
        AugmentationRecipe augmentation,
        List<Double> classWeights) {

    /**
     * Checks every number.
     *
     * @throws IllegalArgumentException with one sentence that names the value at fault
     */
    public TrainingRecipe {
        check(
                loss != null
                        && accumulation != null
                        && learningRate != null
                        && optimiser != null
                        && augmentation != null
                        && classWeights != null,
                "something is null");
        classWeights = List.copyOf(classWeights);
        check(epochs >= 1, "epochs is %d, it must be at least 1", epochs);
        check(microBatch >= 1, "micro_batch is %d, it must be at least 1", microBatch);
        check(virtualBatch >= microBatch, "virtual_batch is %d, less than micro_batch %d", virtualBatch, microBatch);
        // Otherwise optimiser steps would alternate between more and fewer images, although the learning-rate schedule
        // counts all steps alike.
        check(
                virtualBatch % microBatch == 0,
                "virtual_batch is %d, no multiple of micro_batch %d",
                virtualBatch,
                microBatch);
        check(isFiniteAndNotNegative(lambda), "lambda is %s, it must be 0 or above", lambda);
        for (double weight : classWeights) {
            check(
                    isFiniteAndNotNegative(weight) && weight <= Float.MAX_VALUE,
                    "a class weight is %s, it must be a number from 0",
                    weight);
        }
        check(
                classWeights.isEmpty() || classWeights.stream().anyMatch(weight -> weight > 0),
                "all class weights are 0");
    }

    /** A recipe without class weights. */
    public TrainingRecipe(
            LossKind loss,
            int epochs,
            int microBatch,
            int virtualBatch,
            Accumulation accumulation,
            LearningRate learningRate,
            Optimiser optimiser,
            double lambda,
            AugmentationRecipe augmentation) {
        this(
                loss,
                epochs,
                microBatch,
                virtualBatch,
                accumulation,
                learningRate,
                optimiser,
                lambda,
                augmentation,
                List.of());
    }

    static boolean isFiniteAndNotNegative(double value) {
        return value >= 0 && Double.isFinite(value);
    }

    static void check(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException("training recipe: " + String.format(Locale.ROOT, problem, values));
        }
    }

    /**
     * {@return a recipe with Adam's usual settings and without gradient accumulation, regulariser and augmentation}
     *
     * @param loss the loss that is minimised
     * @param epochs passes over the training images
     * @param batch images per forward pass, and per optimiser step
     * @param learningRate the learning rate over time
     */
    public static TrainingRecipe of(LossKind loss, int epochs, int batch, LearningRate learningRate) {
        return new TrainingRecipe(
                loss,
                epochs,
                batch,
                batch,
                Accumulation.ALIGNED,
                learningRate,
                Optimiser.DEFAULT,
                0,
                AugmentationRecipe.NONE);
    }

    /** {@return a builder that starts with the values of this recipe} */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** {@return this recipe as an indented JSON object; {@link #fromJson} gives an equal recipe} */
    public String toJson() {
        return RecipeJson.write(this);
    }

    /**
     * {@return the recipe that a JSON object describes}
     *
     * @param json a JSON object with the field names that {@link #toJson} writes
     * @throws IllegalArgumentException if it is no such object, with one sentence that names the wrong or unknown field
     */
    public static TrainingRecipe fromJson(String json) {
        return RecipeJson.read(json);
    }

    /** Changes some values of a recipe. All values are checked by {@link #build}. */
    public static final class Builder {
        private LossKind loss;
        private int epochs;
        private int microBatch;
        private int virtualBatch;
        private Accumulation accumulation;
        private LearningRate learningRate;
        private Optimiser optimiser;
        private double lambda;
        private AugmentationRecipe augmentation;
        private List<Double> classWeights;

        private Builder(TrainingRecipe recipe) {
            loss = recipe.loss;
            epochs = recipe.epochs;
            microBatch = recipe.microBatch;
            virtualBatch = recipe.virtualBatch;
            accumulation = recipe.accumulation;
            learningRate = recipe.learningRate;
            optimiser = recipe.optimiser;
            lambda = recipe.lambda;
            augmentation = recipe.augmentation;
            classWeights = recipe.classWeights;
        }

        /** Sets the loss that is minimised. */
        public Builder loss(LossKind value) {
            loss = value;
            return this;
        }

        /**
         * Sets the number of epochs, and stretches a learning-rate schedule that depends on it.
         *
         * @param value passes over the training images, at least 1
         */
        public Builder epochs(int value) {
            epochs = value;
            learningRate = learningRate.forEpochs(value);
            return this;
        }

        /**
         * Sets both batch sizes.
         *
         * @param micro images per forward pass
         * @param virtual images per optimiser step, a multiple of {@code micro}
         */
        public Builder batches(int micro, int virtual) {
            microBatch = micro;
            virtualBatch = virtual;
            return this;
        }

        /** Sets after which micro-batches the optimiser steps. */
        public Builder accumulation(Accumulation value) {
            accumulation = value;
            return this;
        }

        /** Sets the learning rate over time. */
        public Builder learningRate(LearningRate value) {
            learningRate = value;
            return this;
        }

        /** Sets the settings of Adam other than the learning rate. */
        public Builder optimiser(Optimiser value) {
            optimiser = value;
            return this;
        }

        /** Sets the weight of the linear-map regulariser; 0 switches it off. */
        public Builder lambda(double value) {
            lambda = value;
            return this;
        }

        /** Sets how training images are augmented. */
        public Builder augmentation(AugmentationRecipe value) {
            augmentation = value;
            return this;
        }

        /** Sets the weight of each class, by which the loss of its images is multiplied; an empty list for none. */
        public Builder classWeights(List<Double> value) {
            classWeights = value;
            return this;
        }

        /**
         * {@return the recipe}
         *
         * @throws IllegalArgumentException with one sentence that names the value at fault
         */
        public TrainingRecipe build() {
            return new TrainingRecipe(
                    loss,
                    epochs,
                    microBatch,
                    virtualBatch,
                    accumulation,
                    learningRate,
                    optimiser,
                    lambda,
                    augmentation,
                    classWeights);
        }
    }
}
