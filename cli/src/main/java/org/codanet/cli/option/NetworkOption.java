package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.codanet.adapt.NetworkConfigFile;
import org.codanet.file.InputFile;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Networks;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.TrainingRecipe;

/**
 * A network to measure or to plan memory for, trained or not.
 *
 * @param name the name that appears in results
 * @param height rows of the images
 * @param width columns of the images
 * @param recipe how to train the network, if it is known
 * @param trained the model file, if there is one
 */
public record NetworkOption(
        String name,
        NetworkConfig config,
        int height,
        int width,
        Optional<TrainingRecipe> recipe,
        Optional<ModelFile> trained) {
    private static final int DEFAULT_SIDE = 32;

    /**
     * Finds a network by name: the name of an experiment, or the path of a model file or of a config ({@code .json}).
     *
     * @param size H or HxW in pixels; null for the extents that the network was trained on, those of the config file, or 32 x 32
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
            throw new IllegalArgumentException("an empty name is not a network");
        }
        if (!Files.exists(file)) {
            throw new IOException("'" + name + "' is neither a file nor an experiment;"
                    + " 'codanet inspect --experiments' lists the experiments");
        }
        InputFile.require(file);
        if (name.endsWith(".json")) {
            NetworkConfigFile config = NetworkConfigFile.read(file);
            String own = config.size().map(s -> s.height() + "x" + s.width()).orElse(null);
            String wanted = size == null ? own : size;
            return of(name, config.network(), Optional.empty(), Optional.empty(), Optional.empty(), wanted);
        }
        ModelFile model = ModelFile.read(file);
        return of(name, model.config(), model.preprocessing(), model.recipe(), Optional.of(model), size);
    }

    /** The loss of the recipe, or the usual loss of such a network if there is no recipe. */
    public LossKind loss() {
        return recipe.map(TrainingRecipe::loss).orElse(config.usualLoss());
    }

    /** Opens the network on a device with its trained weights, or with random weights if it has none. The caller closes it. */
    public Network open(Device device, Scope scope) {
        // The size that --size gives may differ from the size that the network was trained on.
        return trained.map(file -> Networks.of(config, loss(), file.weights(), device, scope))
                .orElseGet(() -> Networks.create(config, loss(), device, scope, 1));
    }

    /** Refuses a batch that has more values than an array can hold, because its size in bytes would overflow. */
    public void requireCountable(int batch) {
        double values = (double) batch * config.inChannels() * height * width;
        if (values > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a batch of %,d images of %,d x %,d pixels is larger than any device can process",
                    batch,
                    height,
                    width));
        }
    }

    private static NetworkOption of(
            String name,
            NetworkConfig config,
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
                throw new IllegalArgumentException(
                        "--size must be a number of pixels such as 32 or 240x320, got '" + size + "'");
            }
        }
        config.requireExtents(height, width);
        return new NetworkOption(name, config, height, width, recipe, trained);
    }
}
