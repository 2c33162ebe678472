package org.codanet.cli.option;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.model.BundledModel;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import picocli.CommandLine.Option;

/** Which trained network a command uses. */
public final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "FILE",
            description =
                    "A trained network: a file of this program, safetensors, or a PyTorch checkpoint with --config or"
                            + " --experiment. Default: the network that comes with this program.")
    Path file;

    @Option(
            names = "--experiment",
            paramLabel = "NAME",
            description = "The experiment whose network the file holds, if the file does not say.")
    String experiment;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The network's config as JSON, if the model's file does not say.")
    Path config;

    /** Reads the file. */
    public ModelFile read() throws IOException {
        Optional<Experiment> named = Optional.ofNullable(experiment).map(Experiments::named);
        if (named.isPresent() && config != null) {
            throw new IllegalArgumentException("--experiment and --config both name a network; one is enough");
        }
        if (file == null) {
            if (named.isPresent() || config != null) {
                throw new IllegalArgumentException(
                        "--experiment and --config say what a file holds: --model is missing");
            }
            return BundledModel.read()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "--model is missing, and no network comes with this build of the program"));
        }
        Optional<CodaNetConfig> network =
                config == null ? named.map(Experiment::network) : Optional.of(readConfig(config));
        ModelFile model = ModelFile.read(requireFile(file), network, false);
        Optional<Preprocessing> images = model.preprocessing().or(() -> named.map(Experiment::preprocessing));
        return new ModelFile(model.config(), model.weights(), images, model.recipe(), model.scores());
    }

    /** The name that results and pages give the network. */
    public String name() {
        return file == null ? BundledModel.NAME : file.getFileName().toString();
    }

    /** A config from a JSON file. @throws FileFormatException naming the file and what is wrong in it */
    public static CodaNetConfig readConfig(Path file) throws IOException {
        String text = readText(file);
        try {
            return CodaNetConfig.fromJson(text);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    /** All of a text file. @throws FileFormatException naming the file if it is not UTF-8 */
    public static String readText(Path file) throws IOException {
        try {
            return Files.readString(requireFile(file));
        } catch (CharacterCodingException e) {
            throw new FileFormatException(file.toString(), "is not UTF-8 text", e);
        }
    }

    /** The file itself. @throws FileFormatException if it is a folder */
    public static Path requireFile(Path file) throws FileFormatException {
        if (Files.isDirectory(file)) {
            throw new FileFormatException(file.toString(), "is a folder, a file is needed");
        }
        return file;
    }
}
