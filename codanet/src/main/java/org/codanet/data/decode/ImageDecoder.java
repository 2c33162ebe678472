package org.codanet.data.decode;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/** Bytes of a picture file to pixels, on the JDK's decoders. */
final class ImageDecoder {
    /** 100 megapixels are 1.2 GB of floats: more than a network of this kind can look at. */
    private static final long LARGEST = 100_000_000;

    static {
        // Nothing here needs a screen, and a cache on the disk costs more than the decoding of a small picture.
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
        ImageIO.setUseCache(false);
    }

    private ImageDecoder() {}

    /** {@return 1 or 3 planes, upright} */
    static Pixels decode(String name, byte[] bytes) throws IOException {
        if (bytes.length == 0) {
            throw new FileFormatException(name, "is empty, not a picture");
        }
        ImageReader reader = reader(name, bytes);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            boolean jpeg = reader.getFormatName().equalsIgnoreCase("jpeg");
            // Only JPEG's metadata are asked for, and those are read here: markers before the picture.
            reader.setInput(in, true, true);
            boolean[] lacking = new boolean[1];
            reader.addIIOReadWarningListener((source, warning) -> lacking[0] |= saysThatPixelsLack(warning));
            long size = (long) reader.getWidth(0) * reader.getHeight(0);
            if (size > LARGEST) {
                throw new FileFormatException(
                        name,
                        String.format(
                                Locale.ROOT,
                                "has %d x %d pixels, more than the %,d that are read; make it smaller",
                                reader.getWidth(0),
                                reader.getHeight(0),
                                LARGEST));
            }
            JpegMarkers markers = jpeg ? JpegMarkers.read(bytes) : JpegMarkers.NONE;
            Pixels pixels = markers.components() == 4
                    ? Inks.toColours(reader.readRaster(0, null), markers.adobeTransform())
                    : pixels(reader.read(0));
            if (lacking[0]) {
                throw new FileFormatException(name, "is cut short: the picture ends before its last row");
            }
            return Orientation.upright(pixels, markers.orientation());
        } catch (FileFormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The decoders let an index out of bounds and the like out of broken files.
            String reason = e instanceof IIOException && e.getMessage() != null ? " (" + e.getMessage() + ")" : "";
            throw new FileFormatException(name, "is cut short or damaged: its pixels cannot be decoded" + reason, e);
        } finally {
            reader.dispose();
        }
    }

    /** The JPEG decoder fills what lacks with grey and only warns. A missing end mark after the last pixel does no harm. */
    private static boolean saysThatPixelsLack(String warning) {
        String words = warning.toLowerCase(Locale.ROOT);
        return words.contains("premature end") || words.contains("invalid sos");
    }

    private static ImageReader reader(String name, byte[] bytes) throws FileFormatException {
        String format;
        if (begins(bytes, 0xFF, 0xD8, 0xFF)) {
            format = "jpeg";
        } else if (begins(bytes, 0x89, 'P', 'N', 'G')) {
            format = "png";
        } else if (begins(bytes, 'G', 'I', 'F', '8')) {
            format = "gif";
        } else if (begins(bytes, 'B', 'M')) {
            format = "bmp";
        } else {
            throw new FileFormatException(name, "is not a JPEG, PNG, GIF or BMP picture");
        }
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        if (!readers.hasNext()) {
            throw new FileFormatException(name, "this Java has no decoder for " + format);
        }
        return readers.next();
    }

    private static boolean begins(byte[] bytes, int... with) {
        for (int i = 0; i < with.length; i++) {
            if (bytes.length <= i || Byte.toUnsignedInt(bytes[i]) != with[i]) {
                return false;
            }
        }
        return true;
    }

    private static Pixels pixels(BufferedImage image) {
        ColorModel colours = image.getColorModel();
        int bands = image.getRaster().getNumBands();
        // getRGB would pass grey values through a colour profile and change them, so only palettes go through it.
        return colours instanceof IndexColorModel || bands < 1 || bands > 4
                ? throughPalette(image)
                : samples(image.getRaster(), bands < 3 ? 1 : 3, colours.getComponentSize());
    }

    private static Pixels throughPalette(BufferedImage image) {
        int height = image.getHeight();
        int width = image.getWidth();
        Pixels pixels = Pixels.black(3, height, width);
        int plane = height * width;
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    pixels.values()[c * plane + y * width + x] = (row[x] >> 16 - 8 * c & 255) / 255f;
                }
            }
        }
        return pixels;
    }

    private static Pixels samples(Raster raster, int channels, int[] bits) {
        int height = raster.getHeight();
        int width = raster.getWidth();
        Pixels pixels = Pixels.black(channels, height, width);
        int[] row = new int[width];
        for (int c = 0; c < channels; c++) {
            float largest = (1L << bits[c]) - 1;
            for (int y = 0; y < height; y++) {
                raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, c, row);
                int to = (c * height + y) * width;
                for (int x = 0; x < width; x++) {
                    pixels.values()[to + x] = row[x] / largest;
                }
            }
        }
        return pixels;
    }
}
