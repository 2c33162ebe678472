package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.codanet.model.ModelFile;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which images a command reads. */
public final class InputOption {
    @Option(
            names = "--input",
            arity = "1..*",
            paramLabel = "IMAGE",
            description =
                    "Images (PNG, JPEG, GIF, BMP), folders of images, or one array X.npy: (N, channels, H, W), float32 in"
                            + " [0, 1] or uint8.")
    List<Path> named = List.of();

    @Parameters(arity = "0..*", paramLabel = "IMAGE", description = "The same as --input.")
    List<Path> positional = List.of();

    /** Opens what was named. @throws IllegalArgumentException if nothing was */
    public Inputs open(ModelFile model) throws IOException {
        List<Path> all = new ArrayList<>(named);
        all.addAll(positional);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("no image is named (--input)");
        }
        return Inputs.open(all, model);
    }
}
