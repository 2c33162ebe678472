package org.codanet.data.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.codanet.data.decode.DataFile;
import org.codanet.file.FileFormatException;

/**
 * Fashion-MNIST: grey pictures of clothes, 28 x 28, in ten classes (Xiao, Rasul and Vollgraf, 2017; MIT licence). This library
 * contains a subset, so that a first example works without an internet connection. {@link Datasets#open} reads the complete data set.
 */
public final class FashionMnist {
    /** The name of the data set in reports. */
    public static final String NAME = "Fashion-MNIST";
    /** The names of the classes, by label. */
    public static final List<String> CLASS_NAMES = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    private FashionMnist() {}

    /**
     * {@return the built-in subset: 12,000 training images or 2,000 test images, the first 1,200 or 200 of each class}
     *
     * @param split the part
     * @throws IOException if the library's own files are damaged
     */
    public static ImageDataset subset(Split split) throws IOException {
        String stem = split == Split.TRAIN ? "train" : "t10k";
        return Mnist.of(
                NAME + " (subset)",
                CLASS_NAMES,
                split,
                "this library",
                resource(stem + "-images-idx3-ubyte.gz", 3),
                resource(stem + "-labels-idx1-ubyte.gz", 1));
    }

    private static IdxFile resource(String file, int extents) throws IOException {
        String name = "fashion-mnist/" + file;
        try (InputStream in = FashionMnist.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new FileFormatException(name, "is missing in this library; build it again");
            }
            return IdxFile.parse(name, DataFile.read(name, in), extents);
        }
    }
}
