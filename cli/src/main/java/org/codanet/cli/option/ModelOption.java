package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;
import org.codanet.model.BundledModel;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import picocli.CommandLine.Option;

/** The trained network that a command uses. */
public final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "FILE",
            description =
                    "Trained network: a model file of codanet, or safetensors or a PyTorch checkpoint with --config or"
                            + " --experiment. Default: the network that comes with codanet.")
    Path file;

    @Option(
            names = "--experiment",
            paramLabel = "NAME",
            description = "Experiment that defines the network, if the model file holds no config.")
    String experiment;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Config of the network as JSON, if the model file holds none.")
    Path config;

    /** Reads the model file, or the network that comes with the program. */
    public ModelFile read() throws IOException {
        Optional<Experiment> named = Optional.ofNullable(experiment).map(Experiments::named);
        if (named.isPresent() && config != null) {
            throw new IllegalArgumentException(
                    "--experiment and --config both define the network; give only one of them");
        }
        if (file == null) {
            if (named.isPresent() || config != null) {
                throw new IllegalArgumentException(
                        "--experiment and --config describe the file of --model, but --model is missing");
            }
            return BundledModel.read()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "--model is missing, and this build of codanet comes without a network"));
        }
        Optional<NetworkConfig> network =
                config == null ? named.map(Experiment::network) : Optional.of(readConfig(config));
        ModelFile model = ModelFile.read(InputFile.require(file), network, false);
        Optional<Preprocessing> images = model.preprocessing().or(() -> named.map(Experiment::preprocessing));
        return new ModelFile(model.config(), model.weights(), images, model.recipe(), model.scores());
    }

    /** The name of the network in results and pages. */
    public String name() {
        return file == null ? BundledModel.NAME : file.getFileName().toString();
    }

    /**
     * Reads a config from a JSON file.
     *
     * @throws FileFormatException if the file is not a valid config; the message names the file and the error
     */
    public static NetworkConfig readConfig(Path file) throws IOException {
        String text = InputFile.text(file);
        try {
            return NetworkConfig.fromJson(text);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }
}
