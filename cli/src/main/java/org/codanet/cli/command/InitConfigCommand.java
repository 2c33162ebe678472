package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.adapt.NetworkConfigFile;
import org.codanet.adapt.StarterNetwork;
import org.codanet.cli.console.Console;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.model.NetworkConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a config for a first network, see {@link StarterNetwork}. */
@Command(
        name = "init-config",
        description =
                "Writes the config of a small network for a folder of images: its number of classes, and the size to which"
                        + " the images are resized.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet init-config photos/",
            "  codanet init-config photos/ --size 96 --out net.json",
            "  codanet train --config net.json --data photos/ --out run",
            "",
            "photos/ holds one folder of pictures for each class, in train/ and test/: photos/train/cat/1.jpg. The config is"
                    + " a JSON file to edit: layers, ranks and temperature are those of a network that a CPU trains."
        })
public final class InitConfigCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Parameters(paramLabel = "DATA", description = "Folder of images, as for 'codanet train --data'.")
    Path data;

    @Option(
            names = "--size",
            paramLabel = "H[xW]",
            description =
                    "Size in pixels to which images are resized and cropped. Default: the size of the images, or 64 if"
                            + " they are larger or differ.")
    ImageSize size;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "net.json",
            description = "File to write. Default: ${DEFAULT-VALUE}.")
    Path out;

    @Option(names = "--force", description = "Replace FILE if it exists.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        if (Files.isDirectory(out)) {
            throw new FileFormatException(out.toString(), "is a folder; --out takes the name of a file");
        }
        if (!force && Files.exists(out)) {
            throw new FileFormatException(out.toString(), "exists already; --force replaces it");
        }
        ImageDataset images = Datasets.open(data, Split.TRAIN);
        console.say("data: " + images.description());
        NetworkConfigFile config = StarterNetwork.of(images, Optional.ofNullable(size));
        config.write(out);
        NetworkConfig network = config.network();
        console.result("config   %s", out);
        console.result("classes  %d: %s", network.numClasses(), String.join(", ", network.labels()));
        console.result("images   %s pixels", config.size().orElseThrow());
        console.result("network  %d layers, %,d weights", network.depth(), network.parameters());
        console.say("next: codanet train --config " + out + " --data " + data + " --out run");
        return 0;
    }
}
