package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
        DatasetMetadata own = DatasetMetadata.read(home);
        DatasetMetadata metadata = own.isEmpty() ? DatasetMetadata.read(folder) : own;
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
        if (!isKnown(folder)) {
            for (String name : SUBFOLDERS) {
                Path inner = folder.resolve(name);
                if (isKnown(inner)) {
                    return inner;
                }
            }
        }
        return folder;
    }

    /**
     * {@return the same images decoded into memory, one byte per value; the given data set itself if it is already in memory}
     *
     * @param data images of one size
     * @param threads the number of threads that decode, at least 1
     * @throws IOException if an image cannot be read, or if its size differs from that of the first image
     */
    public static ImageDataset inMemory(ImageDataset data, int threads) throws IOException {
        if (threads < 1) {
            throw new IllegalArgumentException(data.name() + ": asked to be read by " + threads + " threads");
        }
        return isInMemory(data) ? data : MemoryImages.decode(data, threads);
    }

    private static boolean isInMemory(ImageDataset data) {
        return data instanceof MemoryImages
                || data instanceof ArrayImages
                || data instanceof ForwardingImages view && isInMemory(view.data());
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
