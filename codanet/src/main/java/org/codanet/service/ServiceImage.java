package org.codanet.service;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Objects;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.decode.Images;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.input.BufferedPixels;

/**
 * A picture of any size to explain. The service converts it to the channels of the model, resizes it and crops its centre, as {@code
 * ImagePipeline} does; a picture with the extents of the model is not changed.
 *
 * <p>Arrays, buffers and memory segments are given as an {@link ImageBatch} of one image, which copies them in one piece.
 */
public final class ServiceImage {
    private final Pixels pixels;
    private final byte[] encoded;

    private ServiceImage(Pixels pixels, byte[] encoded) {
        this.pixels = pixels;
        this.encoded = encoded;
    }

    /**
     * The bytes of a JPEG, PNG, GIF or BMP file. A pool of threads decodes them.
     *
     * @param file not copied; must not change until the call is answered
     */
    public static ServiceImage encoded(byte[] file) {
        return new ServiceImage(null, Objects.requireNonNull(file));
    }

    /** The remaining bytes of a buffer that holds a JPEG, PNG, GIF or BMP file, copied. Position and limit do not change. */
    public static ServiceImage encoded(ByteBuffer file) {
        byte[] bytes = new byte[file.remaining()];
        file.get(file.position(), bytes);
        return new ServiceImage(null, bytes);
    }

    /** An upright AWT image. Its samples are copied. */
    public static ServiceImage of(BufferedImage image) {
        return new ServiceImage(BufferedPixels.of(image), null);
    }

    /**
     * An image with 1 or 3 channels in an array, a buffer or a memory segment.
     *
     * @param image of one image
     * @throws IllegalArgumentException if there is more than one image
     */
    public static ServiceImage of(ImageBatch image) {
        if (image.count() != 1) {
            throw new IllegalArgumentException("image: a call explains one image, given are " + image.count());
        }
        return new ServiceImage(
                new Pixels(
                        image.shape().extent(1),
                        image.shape().extent(2),
                        image.shape().extent(3),
                        image.values(0, 1)),
                null);
    }

    /** Whether {@link #read} has to decode a file. */
    boolean isEncoded() {
        return encoded != null;
    }

    /**
     * The picture.
     *
     * @param maxPixels the largest number of pixels to decode
     * @throws IOException if it is not a picture, is damaged, or has more pixels
     */
    Pixels read(long maxPixels) throws IOException {
        if (encoded == null) {
            return pixels;
        }
        ImageSize size = Images.size("image", encoded);
        if ((long) size.height() * size.width() > maxPixels) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "image: has %d x %d pixels, more than the %,d that this service decodes",
                    size.width(),
                    size.height(),
                    maxPixels));
        }
        return Images.decode("image", encoded);
    }
}
