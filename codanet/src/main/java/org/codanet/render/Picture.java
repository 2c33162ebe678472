package org.codanet.render;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.codanet.file.AtomicFile;

/** Creates pictures from arrays, arranges them, and writes them as PNG. */
public final class Picture {
    private Picture() {}

    /**
     * The picture of an image that a network reads.
     *
     * @param chw (C, H, W) values in [0, 1] from {@code offset} on; values outside [0, 1] are clipped
     * @param channels 1 for grey, 3 for red, green, blue
     * @throws IllegalArgumentException if the number of channels is neither 1 nor 3, or the array is too short
     */
    public static BufferedImage ofPlanes(float[] chw, int offset, int channels, int height, int width) {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("picture: an image has 1 or 3 channels, got " + channels);
        }
        int plane = Math.multiplyExact(height, width);
        if (offset < 0 || offset + (long) channels * plane > chw.length) {
            throw new IllegalArgumentException("picture: " + channels + " x " + height + " x " + width + " values from "
                    + offset + " do not fit an array of " + chw.length);
        }
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < plane; i++) {
            int rgb = 0;
            for (int c = 0; c < 3; c++) {
                rgb = rgb << 8 | level(chw[offset + (channels == 1 ? 0 : c) * plane + i]);
            }
            picture.setRGB(i % width, i / width, rgb);
        }
        return picture;
    }

    private static int level(float value) {
        return Math.round(255 * Math.max(0, Math.min(1, value)));
    }

    /** The picture with each pixel as a square of {@code factor} by {@code factor} pixels, without smoothing. */
    public static BufferedImage enlarged(BufferedImage picture, int factor) {
        if (factor < 1) {
            throw new IllegalArgumentException("picture: the factor must be at least 1, got " + factor);
        }
        int width = Math.multiplyExact(picture.getWidth(), factor);
        int height = Math.multiplyExact(picture.getHeight(), factor);
        BufferedImage large = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                large.setRGB(x, y, picture.getRGB(x / factor, y / factor));
            }
        }
        return large;
    }

    /** The smallest integer factor that makes the longer side at least {@code pixels} long. */
    public static int factorFor(BufferedImage picture, int pixels) {
        int side = Math.max(picture.getWidth(), picture.getHeight());
        return Math.max(1, (pixels + side - 1) / side);
    }

    /**
     * Pictures in a row, aligned at the top, with {@code gap} white pixels between them.
     *
     * @throws IllegalArgumentException if there is no picture
     */
    public static BufferedImage sideBySide(List<BufferedImage> pictures, int gap) {
        if (pictures.isEmpty()) {
            throw new IllegalArgumentException("picture: there are no pictures to put side by side");
        }
        int height = pictures.stream().mapToInt(BufferedImage::getHeight).max().orElseThrow();
        int width = pictures.stream().mapToInt(BufferedImage::getWidth).sum() + gap * (pictures.size() - 1);
        BufferedImage row = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            row.setRGB(i % width, i / width, 0xffffff);
        }
        int left = 0;
        for (BufferedImage picture : pictures) {
            for (int y = 0; y < picture.getHeight(); y++) {
                for (int x = 0; x < picture.getWidth(); x++) {
                    row.setRGB(left + x, y, picture.getRGB(x, y));
                }
            }
            left += picture.getWidth() + gap;
        }
        return row;
    }

    /** The picture as the bytes of a PNG file. */
    public static byte[] png(BufferedImage picture) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // Given a plain stream, ImageIO would keep a copy in a temporary file.
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(picture, "png", out)) {
                throw new IllegalStateException("picture: this Java runtime has no PNG writer");
            }
        } catch (IOException e) {
            throw new IllegalStateException("picture: writing a PNG into memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * Writes or replaces a PNG file.
     *
     * @throws IOException naming the file and the reason if it cannot be written; an old file is then unchanged
     */
    public static void writePng(BufferedImage picture, Path file) throws IOException {
        AtomicFile.replace(file, png(picture));
    }

    /** The picture as a {@code data:image/png} URI, for self-contained pages. */
    public static String dataUri(BufferedImage picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png(picture));
    }
}
