package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.ModelOption;
import org.codanet.model.ModelFile;
import org.codanet.onnx.OnnxExport;
import org.codanet.onnx.OnnxTarget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Exports a trained network to ONNX, see {@link OnnxExport}. */
@Command(
        name = "export",
        description = "Exports a trained network with its explanation to ONNX, for ONNX Runtime and other runtimes.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet export net.onnx",
            "  codanet export --model run/best.safetensors --explain predicted net.onnx",
            "",
            "The graph reads images (N, channels, H, W) of float32 in [0, 1], resized and cropped to the size that the network was"
                    + " trained on. It returns logits (N, classes) and contributions (N, targets, H, W). The contributions to a"
                    + " target plus the logit bias equal the logit, up to rounding."
        })
public final class ExportCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Mixin
    ModelOption modelOption;

    @Option(
            names = "--explain",
            paramLabel = "TARGET",
            defaultValue = "all",
            description =
                    "Classes to explain: all, or predicted for the class of the highest logit, which takes less memory."
                            + " Default: ${DEFAULT-VALUE}.")
    OnnxTarget target;

    @Parameters(index = "0", paramLabel = "OUT.onnx", description = "File to write. An existing file is replaced.")
    Path out;

    @Override
    public Integer call() throws IOException {
        ModelFile model = modelOption.read();
        OnnxExport.write(model, target, out);
        console.say("wrote " + out);
        return 0;
    }
}
