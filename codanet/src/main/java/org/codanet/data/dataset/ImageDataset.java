package org.codanet.data.dataset;

import java.io.IOException;
import java.util.List;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;

/**
 * A data set: indexed images with labels. Thread-safe. Methods with an index throw an {@link IndexOutOfBoundsException} if there is
 * no such image.
 */
public interface ImageDataset {
    /** {@return the name of the data set in reports, such as {@code CIFAR-10}} */
    String name();

    /** {@return one sentence that states the format, the number of images, their extents and classes, and the location} */
    String description();

    /** {@return the number of images, at least 1} */
    int size();

    /** {@return C, 1 or 3} */
    int channels();

    /** {@return H in pixels; 0 if it may differ between images} */
    int height();

    /** {@return W in pixels; 0 if it may differ between images} */
    int width();

    /** {@return the name of each class, by label; empty if the images have no labels} */
    List<String> classNames();

    /** {@return where the class names come from} */
    default ClassNaming naming() {
        return ClassNaming.LIST;
    }

    /** {@return remarks for the user, such as files that are skipped, one sentence each; often empty} */
    default List<String> remarks() {
        return List.of();
    }

    /**
     * {@return the class of an image, 0 to K - 1; -1 if the images have no labels}
     *
     * @param index 0 to size - 1
     */
    int label(int index);

    /**
     * {@return the name of an image in messages: its file, or the file and the index of the image in it}
     *
     * @param index 0 to size - 1
     */
    String imageName(int index);

    /**
     * {@return an image, which the caller owns and may change}
     *
     * @param index 0 to size - 1
     * @throws IOException if it cannot be read or is not an image; the message is one sentence that begins with the file's name
     */
    Pixels read(int index) throws IOException;

    /**
     * {@return the extents of an image} Pixels are not decoded if the extents are known without them.
     *
     * @param index 0 to size - 1
     * @throws IOException as {@link #read} does
     */
    default ImageSize extents(int index) throws IOException {
        if (height() > 0 && width() > 0) {
            return new ImageSize(height(), width());
        }
        Pixels image = read(index);
        return new ImageSize(image.height(), image.width());
    }

    /** {@return whether all images have one size and are held in memory as bytes; {@link #read} returns these bytes divided by 255} */
    default boolean isInBytes() {
        return false;
    }

    /**
     * Copies the bytes of an image, (C, H, W).
     *
     * @param index 0 to size - 1
     * @param to the destination
     * @param at the index in {@code to} of the first byte
     * @throws UnsupportedOperationException unless {@link #isInBytes}
     */
    default void copyBytes(int index, byte[] to, int at) {
        throw new UnsupportedOperationException(name() + " is not held in bytes");
    }
}
