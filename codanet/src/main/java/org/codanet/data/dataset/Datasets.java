package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/**
 * Opens a folder of images and detects its format. These formats are tried in this order:
 * <ul>
 *   <li>CIFAR-10's binary version: {@code data_batch_*.bin}, {@code test_batch.bin}; its Python version
 *   <li>CIFAR-100's binary version: {@code train.bin}, {@code test.bin}; its Python version
 *   <li>MNIST's IDX files: {@code train-images-idx3-ubyte}, {@code t10k-...}, plain or .gz
 *   <li>NumPy arrays: {@code X_train.npy} and {@code y_train.npy}, {@code X_test.npy} and {@code y_test.npy}, or {@code X.npy}
 *       and {@code y.npy}; or one {@code .npz} file with arrays of these names
 *   <li>pictures: {@code train/<class>/*.jpg}, {@code test/<class>/*.jpg}, or {@code <class>/*.jpg}
 * </ul>
 *
 * <p>Published data sets are also found in the subfolders that the usual archives and torchvision create. A {@code dataset.json}
 * beside the files may give the name of the data set and the names of its classes, in the order of the labels:
 * {@code {"name": "CIFAR-10 (JPEG copy)", "classes": ["airplane", ...]}}.
 *
 * <p>A folder that holds data in two of these formats is refused. Folders of pictures beside the files of another format are named in a
 * remark.
 */
public final class Datasets {
    static final String LAYOUTS =
            "a data folder holds data_batch_*.bin, train-images-idx3-ubyte(.gz), X_train.npy, an .npz file"
                    + " or train/<class>/*.jpg";
    private static final List<String> SUBFOLDERS = List.of(
            "cifar-10-batches-bin",
            "cifar-10-batches-py",
            "cifar-100-binary",
            "cifar-100-python",
            "raw",
            "MNIST/raw",
            "FashionMNIST/raw");

    private Datasets() {}

    /**
     * {@return the images of a folder; {@link ImageDataset#description} describes what was found}
     *
     * <p>If training and test images are not separated (see {@link #isSplit}), either split returns all images.
     *
     * @param folder the folder, or one .npz file, or one .npy file of images without labels
     * @param split the part to open
     * @throws FileFormatException if there are no such images or a file is damaged; the message is one sentence that begins with the
     *     name of the file or folder
     * @throws IOException if a file cannot be read
     */
    public static ImageDataset open(Path folder, Split split) throws IOException {
        if (ImageArrays.isFile(folder)) {
            return ArrayImages.open(folder, split, new DatasetMetadata("", List.of()));
        }
        Path home = home(folder);
        requireOneFormat(home);
        DatasetMetadata own = DatasetMetadata.read(home);
        DatasetMetadata metadata = own.isEmpty() ? DatasetMetadata.read(folder) : own;
        List<String> unused = isKnown(home) || ImageArrays.isIn(home) ? ImageFolder.withPictures(home) : List.of();
        ImageDataset images = open(home, split, metadata);
        return unused.isEmpty()
                ? images
                : new Remarked(images, "folders of pictures that are not used: " + String.join(", ", unused));
    }

    private static ImageDataset open(Path home, Split split, DatasetMetadata metadata) throws IOException {
        if (Cifar10.isIn(home)) {
            return Cifar10.open(home, split, metadata);
        }
        Optional<Cifar> cifar = Cifar.in(home);
        if (cifar.isPresent()) {
            return cifar.get().open(home, split, metadata);
        }
        if (Mnist.isIn(home)) {
            return Mnist.open(home, split, metadata);
        }
        if (ImageArrays.isIn(home)) {
            return ArrayImages.open(home, split, metadata);
        }
        return ImageFolder.open(home, split, metadata);
    }

    /**
     * {@return whether a folder separates training and test images; if not, {@link #open} returns all images for either split}
     *
     * @param folder as for {@link #open}
     * @throws IOException if it is not a folder
     */
    public static boolean isSplit(Path folder) throws IOException {
        if (ImageArrays.isFile(folder)) {
            return ArrayImages.isSplit(folder);
        }
        Path home = home(folder);
        return isKnown(home) || (ImageArrays.isIn(home) ? ArrayImages.isSplit(home) : ImageFolder.isSplit(home));
    }

    /** Refuses a folder with the files of two formats, because it is not clear which of them is meant. */
    private static void requireOneFormat(Path home) throws IOException {
        List<String> formats = new ArrayList<>();
        if (Cifar10.isIn(home)) {
            formats.add("CIFAR-10 in its binary version");
        }
        Cifar.allIn(home).forEach(version -> formats.add(version.toString()));
        if (Mnist.isIn(home)) {
            formats.add("IDX files as MNIST has them");
        }
        if (ImageArrays.isIn(home)) {
            formats.add("NumPy arrays");
        }
        if (!formats.isEmpty()
                && ImageFolder.isSplit(home)
                && !ImageFolder.withPictures(home).isEmpty()) {
            formats.add("pictures in train/<class>/ or test/<class>/");
        }
        if (formats.size() > 1) {
            throw new FileFormatException(
                    home.toString(),
                    "holds data in several formats, " + String.join(" and ", formats)
                            + "; move each of them to a folder of its own");
        }
    }

    /** {@return whether a folder has files of a published data set} */
    private static boolean isKnown(Path folder) {
        return Cifar10.isIn(folder) || Cifar.in(folder).isPresent() || Mnist.isIn(folder);
    }

    private static Path home(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            throw new FileFormatException(folder.toString(), "no such folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new FileFormatException(folder.toString(), "is not a folder; " + LAYOUTS);
        }
        if (isKnown(folder)) {
            return folder;
        }
        List<Path> inner = SUBFOLDERS.stream()
                .map(folder::resolve)
                .filter(Datasets::isKnown)
                .toList();
        if (inner.size() > 1) {
            throw new FileFormatException(
                    folder.toString(),
                    "holds several data sets, "
                            + String.join(
                                    " and ",
                                    inner.stream()
                                            .map(each -> folder.relativize(each).toString())
                                            .toList())
                            + "; name the folder of one of them");
        }
        return inner.isEmpty() ? folder : inner.getFirst();
    }

    /** A data set with one more remark. */
    private static final class Remarked extends ForwardingImages {
        private final String remark;

        Remarked(ImageDataset data, String remark) {
            super(data);
            this.remark = remark;
        }

        @Override
        public List<String> remarks() {
            return Stream.concat(super.remarks().stream(), Stream.of(remark)).toList();
        }
    }

    /**
     * {@return the same images with the given number of channels, converted as by {@link Pixels#withChannels}}
     *
     * @param data images in grey or in colour
     * @param channels 1 or 3
     */
    public static ImageDataset withChannels(ImageDataset data, int channels) {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException(
                    data.name() + ": images have 1 or 3 channels, asked for are " + channels);
        }
        return data.channels() == channels ? data : new ConvertedImages(data, channels);
    }
}
