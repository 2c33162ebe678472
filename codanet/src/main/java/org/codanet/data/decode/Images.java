package org.codanet.data.decode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/** Reads pictures: JPEG, PNG, GIF (its first frame) and BMP. */
public final class Images {
    private static final Set<String> ENDS = Set.of("jpg", "jpeg", "png", "gif", "bmp");

    private Images() {}

    /**
     * {@return the picture in a file as red, green and blue; grey has three equal planes}
     *
     * <p>The pixels are those of Pillow's {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")}, divided by 255: within 1/255,
     * or 3/255 for JPEG. Colour profiles, gamma and transparency are ignored, photographs are turned upright, and of an animation
     * the first frame is read. Colours of 16 bits keep their precision. A grey PNG of 16 bits without transparency is cut off at 255
     * and not scaled, as Pillow does it: scale it to 8 bits first.
     *
     * @param file of any name: its first bytes tell the format
     * @throws FileFormatException if it is not there or not a sound picture, with one sentence that begins with its name
     * @throws IOException if it cannot be read
     */
    public static Pixels read(Path file) throws IOException {
        return read(file, 3);
    }

    /**
     * {@return the picture in a file, converted by {@link Pixels#withChannels}} See {@link #read(Path)} for its pixels.
     *
     * @param file of any name: its first bytes tell the format
     * @param channels 3 for red, green and blue, 1 for grey
     * @throws FileFormatException if it is not there or not a sound picture, with one sentence that begins with its name
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException for other channel counts
     */
    public static Pixels read(Path file, int channels) throws IOException {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("pictures have 1 or 3 channels, asked for are " + channels);
        }
        if (Files.isDirectory(file)) {
            throw new FileFormatException(file.toString(), "is a folder, not a picture");
        }
        return ImageDecoder.decode(file.toString(), DataFile.read(file)).withChannels(channels);
    }

    /**
     * {@return the picture in the bytes of a picture file}, with values and orientation as in {@link #read(Path)}
     *
     * @param name used in error messages
     * @param encoded the bytes of a file in any of the supported formats
     * @throws FileFormatException if they are not a valid picture
     */
    public static Pixels decode(String name, byte[] encoded) throws IOException {
        return ImageDecoder.decode(name, encoded).withChannels(3);
    }

    /**
     * {@return the extents of the picture in a file, upright}. Its pixels are not decoded.
     *
     * @param file of any name: its first bytes tell the format
     * @throws FileFormatException if it is not there or not a picture, with one sentence that begins with its name
     * @throws IOException if it cannot be read
     */
    public static ImageSize size(Path file) throws IOException {
        return ImageDecoder.size(file.toString(), DataFile.read(file));
    }

    /**
     * {@return whether a file's name ends as a picture's does: .jpg, .jpeg, .png, .gif or .bmp, in any case}
     *
     * @param file need not exist
     */
    public static boolean isNamedAsPicture(Path file) {
        Path name = file.getFileName();
        if (name == null || name.toString().startsWith(".")) {
            return false;
        }
        String text = name.toString();
        return ENDS.contains(text.substring(text.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }
}
