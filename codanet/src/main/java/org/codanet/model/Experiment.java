package org.codanet.model;

import java.util.Locale;
import org.codanet.recipe.TrainingRecipe;

/**
 * A named network, with the preprocessing of its images and its training recipe.
 *
 * @param name the name that users type
 * @param network the network
 * @param preprocessing how its images are prepared
 * @param recipe how it is trained
 */
public record Experiment(String name, NetworkConfig network, Preprocessing preprocessing, TrainingRecipe recipe) {
    /**
     * Checks that network and images fit.
     *
     * @throws IllegalArgumentException if they do not
     */
    public Experiment {
        if (network.imageChannels() != preprocessing.channels()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "experiment %s: the network takes %d channels, its images have %d",
                    name,
                    network.imageChannels(),
                    preprocessing.channels()));
        }
        network.requireExtents(preprocessing.height(), preprocessing.width());
    }
}
