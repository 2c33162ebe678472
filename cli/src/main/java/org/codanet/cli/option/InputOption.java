package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.codanet.input.ImageInput;
import org.codanet.model.ModelFile;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The images that a command reads. */
public final class InputOption {
    @Option(
            names = "--input",
            arity = "1..*",
            paramLabel = "IMAGE",
            description =
                    "Images (PNG, JPEG, GIF, BMP), folders of images, or one array X.npy of shape (N, channels, H, W), as"
                            + " float32 in [0, 1] or uint8.")
    List<Path> named = List.of();

    @Parameters(arity = "0..*", paramLabel = "IMAGE", description = "Same as --input.")
    List<Path> positional = List.of();

    /**
     * Opens the images for a network.
     *
     * @throws IllegalArgumentException if no image is given
     */
    public ImageInput open(ModelFile model) throws IOException {
        List<Path> all = new ArrayList<>(named);
        all.addAll(positional);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("no image is given (--input)");
        }
        return ImageInput.open(all, model);
    }
}
