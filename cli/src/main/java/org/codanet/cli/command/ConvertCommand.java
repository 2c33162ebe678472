package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.ModelOption;
import org.codanet.file.InputFile;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converts model files. */
@Command(
        name = "convert",
        description =
                "Converts a trained network from a PyTorch checkpoint or safetensors to a model file of codanet, or back.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet convert --experiment 9L-S-CoDA-SQ-1000 last_model_epoch_200.pkl net.safetensors",
            "  codanet convert --experiment ResNet-20 resnet20-12fca82f.th resnet20.safetensors",
            "  codanet convert --config net.json weights.pth net.safetensors",
            "  codanet convert --config net.json --key ema checkpoint.pth net.safetensors",
            "  codanet convert --pytorch-keys net.safetensors weights.pth",
            "",
            "--pytorch-keys writes the weights without the config, under the names that the authors' code uses. The format is"
                    + " PyTorch's zip format, or safetensors if OUT ends in .safetensors."
        })
public final class ConvertCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Config of the network as JSON, if IN does not hold one.")
    Path config;

    @Option(
            names = "--experiment",
            paramLabel = "NAME",
            description = "Experiment that defines the network, if IN holds no config.")
    String experiment;

    @Option(
            names = "--key",
            paramLabel = "NAME",
            description = "Entry of a PyTorch checkpoint that holds the weights, such as ema or ema.model, if it holds"
                    + " several networks.")
    String key;

    @Option(names = "--pytorch-keys", description = "Write only the weights, for the authors' code.")
    boolean pytorchKeys;

    @Option(names = "--allow-nan", description = "Accept weights that are NaN or infinite.")
    boolean allowNonFinite;

    @Parameters(index = "0", paramLabel = "IN", description = "File to read.")
    Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "File to write. An existing file is replaced.")
    Path out;

    @Override
    public Integer call() throws IOException {
        if (config != null && experiment != null) {
            throw new IllegalArgumentException(
                    "--experiment and --config both define the network; give only one of them");
        }
        Optional<Experiment> named = Optional.ofNullable(experiment).map(Experiments::named);
        Optional<NetworkConfig> network =
                config == null ? named.map(Experiment::network) : Optional.of(ModelOption.readConfig(config));
        ModelFile read = ModelFile.read(InputFile.require(in), network, Optional.ofNullable(key), allowNonFinite);
        Optional<Preprocessing> images = read.preprocessing().or(() -> named.map(Experiment::preprocessing));
        ModelFile model = new ModelFile(read.config(), read.weights(), images, read.recipe(), read.scores());
        if (pytorchKeys) {
            model.writeWeights(out);
        } else {
            model.write(out);
        }
        console.say("wrote " + out + ": " + model.weights().tensors().size() + " tensors, "
                + model.config().parameters() + " weights" + (pytorchKeys ? ", named as in the authors' code" : ""));
        return 0;
    }
}
