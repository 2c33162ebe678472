package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.ModelOption;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converts trained networks between files. */
@Command(
        name = "convert",
        description =
                "Converts a trained network: PyTorch checkpoints and safetensors to this program's files, and back.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet convert --experiment 9L-S-CoDA-SQ-1000 last_model_epoch_200.pkl net.safetensors",
            "  codanet convert --config net.json weights.pth net.safetensors",
            "  codanet convert --pytorch-keys net.safetensors weights.pth",
            "",
            "With --pytorch-keys the weights alone are written, as the authors' code reads them: PyTorch's zip format, or"
                    + " safetensors if OUT ends in .safetensors."
        })
public final class ConvertCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Option(names = "--config", paramLabel = "FILE", description = "The network as JSON, if IN does not say.")
    Path config;

    @Option(
            names = "--experiment",
            paramLabel = "NAME",
            description = "The experiment of the network, if IN does not say.")
    String experiment;

    @Option(names = "--pytorch-keys", description = "Write the weights alone, for the authors' code.")
    boolean pytorchKeys;

    @Option(names = "--allow-nan", description = "Convert weights that are not finite too.")
    boolean allowNonFinite;

    @Parameters(index = "0", paramLabel = "IN", description = "The file to read.")
    Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The file to write or replace.")
    Path out;

    @Override
    public Integer call() throws IOException {
        if (config != null && experiment != null) {
            throw new IllegalArgumentException("--experiment and --config both name a network; one is enough");
        }
        Optional<Experiment> named = Optional.ofNullable(experiment).map(Experiments::named);
        Optional<CodaNetConfig> network =
                config == null ? named.map(Experiment::network) : Optional.of(ModelOption.readConfig(config));
        ModelFile read = ModelFile.read(ModelOption.requireFile(in), network, allowNonFinite);
        Optional<Preprocessing> images = read.preprocessing().or(() -> named.map(Experiment::preprocessing));
        ModelFile model = new ModelFile(read.config(), read.weights(), images, read.recipe(), read.scores());
        if (pytorchKeys) {
            model.writeWeights(out);
        } else {
            model.write(out);
        }
        console.say("wrote " + out + ": " + model.weights().tensors().size() + " tensors, "
                + model.config().parameters() + " weights" + (pytorchKeys ? " under the authors' keys" : ""));
        return 0;
    }
}
