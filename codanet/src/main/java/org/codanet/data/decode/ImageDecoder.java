package org.codanet.data.decode;

import java.io.IOException;
import java.util.Locale;
import javax.imageio.IIOException;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/** Decodes the bytes of a picture file to pixels. */
final class ImageDecoder {
    /** 100 megapixels are 1.2 GB of floats: more than a network of this kind can process. */
    private static final long LARGEST = 100_000_000;

    private ImageDecoder() {}

    /**
     * {@return the upright picture, with 1 or 3 channels}
     *
     * @param file the name for error messages
     * @param bytes the complete content of the file
     * @throws FileFormatException if the content is not a picture, is damaged or too large, or if the heap is too small for it
     */
    static Pixels decode(String file, byte[] bytes) throws IOException {
        Picture picture = null;
        try {
            picture = parse(file, bytes);
            return Orientation.upright(picture.decode(), picture.orientation());
        } catch (FileFormatException e) {
            throw e;
        } catch (OutOfMemoryError e) {
            throw heapIsFull(file, picture, e);
        } catch (IOException | RuntimeException e) {
            if (isCausedByFullHeap(e)) {
                throw heapIsFull(file, picture, e);
            }
            // The JDK's decoders throw runtime exceptions, such as IndexOutOfBoundsException, if a file is damaged.
            String reason = e instanceof IIOException && e.getMessage() != null ? " (" + e.getMessage() + ")" : "";
            throw new FileFormatException(file, "is cut short or damaged: its pixels cannot be decoded" + reason, e);
        }
    }

    /**
     * {@return the extents of the upright picture}
     *
     * @throws FileFormatException if the content is not a picture, or if its header is damaged
     */
    static ImageSize size(String file, byte[] bytes) throws IOException {
        try {
            Picture picture = parse(file, bytes);
            return picture.orientation() >= Orientation.FIRST_TRANSPOSED
                    ? new ImageSize(picture.width(), picture.height())
                    : new ImageSize(picture.height(), picture.width());
        } catch (RuntimeException e) {
            throw new FileFormatException(file, "is cut short or damaged: its header cannot be read", e);
        }
    }

    private static Picture parse(String file, byte[] bytes) throws FileFormatException {
        Picture picture = switch (PictureFormat.of(file, bytes)) {
            case JPEG -> JpegPicture.parse(file, bytes);
            case PNG -> PngPicture.parse(file, bytes);
            case GIF -> GifPicture.parse(file, bytes);
            case BMP -> BmpPicture.parse(file, bytes);
        };
        checkSize(file, picture);
        return picture;
    }

    private static void checkSize(String file, Picture picture) throws FileFormatException {
        if (picture.width() < 1 || picture.height() < 1) {
            throw new FileFormatException(file, "is damaged: its size is " + extents(picture));
        }
        if ((long) picture.width() * picture.height() > LARGEST) {
            throw new FileFormatException(
                    file,
                    String.format(
                            Locale.ROOT,
                            "has %s, more than the %,d that are read; make it smaller",
                            extents(picture),
                            LARGEST));
        }
    }

    /** The PNG decoder wraps an OutOfMemoryError in an IIOException. */
    private static boolean isCausedByFullHeap(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                return true;
            }
        }
        return false;
    }

    private static FileFormatException heapIsFull(String file, Picture picture, Throwable cause) {
        String size = picture == null ? "" : " with its " + extents(picture);
        long megabytes = Runtime.getRuntime().maxMemory() >> 20;
        return new FileFormatException(
                file,
                "the heap is full: this picture" + size + " does not fit in the " + megabytes
                        + " MiB of the Java heap; enlarge it with CODANET_JAVA_OPTS=-Xmx8g, or java -Xmx8g",
                cause);
    }

    private static String extents(Picture picture) {
        return picture.width() + " x " + picture.height() + " pixels";
    }
}
