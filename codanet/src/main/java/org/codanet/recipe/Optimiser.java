package org.codanet.recipe;

/**
 * The settings of Adam that stay the same over a whole run. The learning rate is not among them: it follows a schedule.
 *
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the square root of the second moment, above 0
 * @param weightDecay factor of the weights that are added to their gradients (L2 regularisation); 0 switches it off
 * @param maxNorm the gradient of all weights together is clipped to this norm; 0 switches clipping off
 */
public record Optimiser(double beta1, double beta2, double epsilon, double weightDecay, double maxNorm) {
    /** Adam's usual settings, with neither weight decay nor clipping. */
    public static final Optimiser DEFAULT = new Optimiser(0.9, 0.999, 1e-8, 0, 0);

    /**
     * Checks every number.
     *
     * @throws IllegalArgumentException with one sentence that names the value at fault
     */
    public Optimiser {
        TrainingRecipe.check(beta1 >= 0 && beta1 < 1, "beta1 is %s, it must be in [0, 1)", beta1);
        TrainingRecipe.check(beta2 >= 0 && beta2 < 1, "beta2 is %s, it must be in [0, 1)", beta2);
        TrainingRecipe.check(epsilon > 0 && Double.isFinite(epsilon), "epsilon is %s, it must be above 0", epsilon);
        TrainingRecipe.check(
                TrainingRecipe.isFiniteAndNotNegative(weightDecay),
                "weight_decay is %s, it must be 0 or above",
                weightDecay);
        TrainingRecipe.check(
                TrainingRecipe.isFiniteAndNotNegative(maxNorm),
                "max_norm is %s, it must be above 0, or 0 for none",
                maxNorm);
    }
}
