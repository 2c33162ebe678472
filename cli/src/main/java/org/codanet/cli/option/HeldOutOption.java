package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.Path;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.HeldOut;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.file.FileFormatException;
import picocli.CommandLine.Option;

/** The options {@code --held-out} and {@code --split-seed}, which split a folder that has no training and test folders. */
public final class HeldOutOption {
    @Option(
            names = "--held-out",
            paramLabel = "SHARE",
            description =
                    "For a folder without train and test: share of each class that is held out for testing, such as 0.2."
                            + " Give the same share and seed to train and evaluate.")
    Double share;

    @Option(
            names = "--split-seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed that decides which images --held-out holds out. Default: ${DEFAULT-VALUE}.")
    long seed;

    /**
     * {@return one part of the images of a folder}
     *
     * @throws FileFormatException if the folder is already split, or contains no images
     */
    public ImageDataset open(Path folder, Split split) throws IOException {
        if (share == null) {
            return Datasets.open(folder, split);
        }
        if (Datasets.isSplit(folder)) {
            throw new FileFormatException(
                    folder.toString(), "has training and test images of its own; leave --held-out out");
        }
        HeldOut parts = HeldOut.split(Datasets.open(folder, Split.TRAIN), share, seed);
        return split == Split.TRAIN ? parts.training() : parts.test();
    }
}
