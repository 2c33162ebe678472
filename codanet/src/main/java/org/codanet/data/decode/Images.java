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
     * {@return the picture in a file as red, green and blue; a grey picture has three equal planes}
     *
     * <p>The pixels are those of Pillow's {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")}, divided by 255. They
     * agree within 1/255, or within 3/255 for JPEG. Colour profiles, gamma and transparency are ignored. Photographs are turned
     * upright. The first frame of an animation is read. Colours of 16 bits keep their precision. As in Pillow, the values of a grey
     * PNG of 16 bits without transparency are clipped at 255 and not scaled. Convert such a file to 8 bits first.
     *
     * @param file the file; its first bytes decide the format, not its name
     * @throws FileFormatException if it does not exist or is not a valid picture; the message is one sentence that begins with its name
     * @throws IOException if it cannot be read
     */
    public static Pixels read(Path file) throws IOException {
        return read(file, 3);
    }

    /**
     * {@return the picture in a file, converted by {@link Pixels#withChannels}} See {@link #read(Path)} for its pixels.
     *
     * @param file the file; its first bytes decide the format, not its name
     * @param channels 3 for red, green and blue, 1 for grey
     * @throws FileFormatException if it does not exist or is not a valid picture; the message is one sentence that begins with its name
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
     * {@return the picture in the bytes of a file} The pixels and the orientation are as in {@link #read(Path)}.
     *
     * @param name the name of the picture in error messages
     * @param encoded the bytes of a file in any of the supported formats
     * @throws FileFormatException if they are not a valid picture
     */
    public static Pixels decode(String name, byte[] encoded) throws IOException {
        return ImageDecoder.decode(name, encoded).withChannels(3);
    }

    /**
     * {@return the extents of the upright picture in a file} Its pixels are not decoded.
     *
     * @param file the file; its first bytes decide the format, not its name
     * @throws FileFormatException if it does not exist or is not a picture; the message is one sentence that begins with its name
     * @throws IOException if it cannot be read
     */
    public static ImageSize size(Path file) throws IOException {
        return ImageDecoder.size(file.toString(), DataFile.read(file));
    }

    /**
     * {@return the extents of the upright picture in the bytes of a file} Its pixels are not decoded.
     *
     * @param name the name of the picture in error messages
     * @param encoded the bytes of a file in any of the supported formats
     * @throws FileFormatException if they are not a picture; the message is one sentence that begins with the name
     */
    public static ImageSize size(String name, byte[] encoded) throws IOException {
        return ImageDecoder.size(name, encoded);
    }

    /**
     * {@return whether a file's name has the extension of a picture: .jpg, .jpeg, .png, .gif or .bmp, in upper or lower case}
     *
     * @param file the file, which need not exist
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
