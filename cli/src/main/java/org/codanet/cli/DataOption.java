package org.codanet.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.codanet.data.Datasets;
import org.codanet.data.ImageDataset;
import org.codanet.data.Pixels;
import org.codanet.data.Split;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;

/** Labelled images for training and evaluation. */
final class DataOption {
    private DataOption() {}

    /**
     * Opens one part of the data in a folder, small sets in memory.
     *
     * @param images what the network reads: images are converted to its channels
     */
    static ImageDataset open(Path folder, Split split, Preprocessing images, int threads) throws IOException {
        ImageDataset data = Datasets.withChannels(Datasets.open(folder, split), images.channels());
        if (data.classNames().isEmpty()) {
            throw new IllegalArgumentException(folder + ": the images have no labels");
        }
        return images.resize() > 0 ? data : Datasets.inMemory(data, threads);
    }

    /** Refuses data with another number of classes than the network has. */
    static void requireClasses(ImageDataset data, CodaNetConfig config) {
        if (data.classNames().size() != config.numClasses()) {
            throw new IllegalArgumentException(String.format(
                    "%s has %d classes, the network tells %d apart",
                    data.name(), data.classNames().size(), config.numClasses()));
        }
    }

    /** The network with the data's names of the classes. */
    static CodaNetConfig labelled(CodaNetConfig config, ImageDataset data) {
        requireClasses(data, config);
        return config.withLabels(data.classNames());
    }

    /** Refuses labels that mean other classes than the network's, where both have names. */
    static void requireSameLabels(ImageDataset data, CodaNetConfig config) {
        requireClasses(data, config);
        List<String> names = data.classNames();
        for (int k = 0; k < config.labels().size(); k++) {
            // Files that name no class have numbers for names.
            boolean numbered = names.get(k).equals(Integer.toString(k));
            if (!numbered && !sameName(names.get(k), config.label(k))) {
                throw new IllegalArgumentException(String.format(
                        "%s calls class %d '%s', the network calls it '%s': these are other classes, or in another order",
                        data.name(), k, names.get(k), config.label(k)));
            }
        }
    }

    private static boolean sameName(String one, String other) {
        return one.replaceAll("[^\\p{L}\\p{N}]", "").equalsIgnoreCase(other.replaceAll("[^\\p{L}\\p{N}]", ""));
    }

    /** The images' own extents, for a network whose config does not say: those of the first image. */
    static Preprocessing extentsOf(ImageDataset data, int channels) throws IOException {
        Pixels first = data.read(0);
        return new Preprocessing(channels, first.height(), first.width(), 0);
    }
}
