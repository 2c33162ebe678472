package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.TrainingRecipe;

/**
 * A network to measure or plan, trained or not.
 *
 * @param name as results give it
 * @param config the network
 * @param height rows of its images
 * @param width columns of its images
 * @param recipe that it is or was trained with, if it is known
 * @param trained its weights, if it is a file
 */
public record NetworkOption(
        String name,
        CodaNetConfig config,
        int height,
        int width,
        Optional<TrainingRecipe> recipe,
        Optional<ModelFile> trained) {
    private static final int DEFAULT_SIDE = 32;

    /**
     * The network behind a name: an experiment, a model's file or a config's file ({@code .json}).
     *
     * @param size H or HxW in pixels; null for the network's own
     */
    public static NetworkOption of(String name, String size) throws IOException {
        if (Experiments.names().stream().anyMatch(name::equalsIgnoreCase)) {
            Experiment experiment = Experiments.named(name);
            return of(
                    experiment.name(),
                    experiment.network(),
                    Optional.of(experiment.preprocessing()),
                    Optional.of(experiment.recipe()),
                    Optional.empty(),
                    size);
        }
        Path file = Path.of(name);
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an empty name names no network");
        }
        if (!Files.exists(file)) {
            throw new IOException("there is neither a file nor an experiment " + name
                    + "; 'codanet inspect --experiments' lists the experiments");
        }
        ModelOption.requireFile(file);
        if (name.endsWith(".json")) {
            return of(name, ModelOption.readConfig(file), Optional.empty(), Optional.empty(), Optional.empty(), size);
        }
        ModelFile model = ModelFile.read(file);
        return of(name, model.config(), model.preprocessing(), model.recipe(), Optional.of(model), size);
    }

    /** The loss that it is trained with; the paper's where nothing tells. */
    public LossKind loss() {
        return recipe.map(TrainingRecipe::loss).orElse(LossKind.BCE);
    }

    /** Refuses more values of images than an array holds, for which numbers of bytes overflow too. */
    public void requireCountable(int batch) {
        double values = (double) batch * config.inChannels() * height * width;
        if (values > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%,d images of %,d x %,d pixels are more than any device takes at a time",
                    batch,
                    height,
                    width));
        }
    }

    private static NetworkOption of(
            String name,
            CodaNetConfig config,
            Optional<Preprocessing> images,
            Optional<TrainingRecipe> recipe,
            Optional<ModelFile> trained,
            String size) {
        int height = images.map(Preprocessing::height).orElse(DEFAULT_SIDE);
        int width = images.map(Preprocessing::width).orElse(DEFAULT_SIDE);
        if (size != null) {
            String[] parts = size.toLowerCase(Locale.ROOT).split("x", -1);
            try {
                height = Integer.parseInt(parts[0].strip());
                width = parts.length == 1 ? height : Integer.parseInt(parts[1].strip());
            } catch (NumberFormatException e) {
                height = 0;
            }
            if (height < 1 || width < 1 || parts.length > 2) {
                throw new IllegalArgumentException("--size is '" + size + "', not pixels such as 32 or 240x320");
            }
        }
        config.extents(height, width);
        return new NetworkOption(name, config, height, width, recipe, trained);
    }
}
