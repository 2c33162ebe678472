package org.codanet.data.batch;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import org.codanet.nn.tensor.Shape;

/**
 * Images (N, C, H, W), either as floats in [0, 1] or as bytes 0..255. Floats are checked once: NaN and values outside the range are
 * refused. Bytes are uploaded to the device unchanged, and a byte b means the value b / 255. Immutable; the values are on the heap. C
 * is 3 or 1, the number of channels of the pictures. The network appends inverse channels itself.
 */
public final class ImageBatch {
    private final RawImages images;

    private ImageBatch(RawImages images) {
        this.images = images;
    }

    private static ImageBatch checked(float[] values, Shape shape) {
        if (shape.elements() != values.length) {
            throw new IllegalArgumentException(
                    "images: " + shape + " takes " + shape.elements() + " values, given are " + values.length);
        }
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] >= 0 && values[i] <= 1)) {
                throw new IllegalArgumentException("images: image " + place(i, shape) + " is " + values[i]
                        + "; values must be numbers from 0 to 1");
            }
        }
        return new ImageBatch(new RawImages.Floats(values, shape));
    }

    private static String place(int index, Shape shape) {
        int width = shape.extent(3);
        int height = shape.extent(2);
        int channels = shape.extent(1);
        int row = index / width;
        int channel = row / height;
        return channel / channels + ", channel " + channel % channels + ", row " + row % height + ", column "
                + index % width;
    }

    /** The memory layout of the bytes. */
    public enum Layout {
        /** Image, row, column, channel: the layout of most decoded image files. */
        NHWC,
        /** Image, channel, row, column. */
        NCHW
    }

    /**
     * Images from values in [0, 1].
     *
     * @param values (N, C, H, W), copied
     * @throws IllegalArgumentException if the number of values does not match the extents, or a value is NaN or out of range
     */
    public static ImageBatch of(float[] values, int images, int channels, int height, int width) {
        return checked(values.clone(), Shape.of(images, channels, height, width));
    }

    /**
     * Images from values in [0, 1] in native or heap memory, in the machine's byte order.
     *
     * @param values float32 (N, C, H, W), copied
     * @throws IllegalArgumentException if the number of values does not match the extents, or a value is NaN or out of range
     */
    public static ImageBatch of(MemorySegment values, int images, int channels, int height, int width) {
        Shape shape = Shape.of(images, channels, height, width);
        if (values.byteSize() != shape.bytes()) {
            throw new IllegalArgumentException(
                    "images: " + shape + " takes " + shape.bytes() + " bytes, given are " + values.byteSize());
        }
        float[] copy = new float[Math.toIntExact(shape.elements())];
        MemorySegment.copy(values, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, copy, 0, copy.length);
        return checked(copy, shape);
    }

    /**
     * Images from bytes 0..255. A byte b means the value b / 255.
     *
     * @param bytes the remaining bytes are copied; position and limit do not change
     * @throws IllegalArgumentException if the number of bytes does not match the extents
     */
    public static ImageBatch ofBytes(ByteBuffer bytes, Layout layout, int images, int channels, int height, int width) {
        Shape shape = Shape.of(images, channels, height, width);
        if (bytes.remaining() != shape.elements()) {
            throw new IllegalArgumentException(
                    "images: " + shape + " takes " + shape.elements() + " bytes, given are " + bytes.remaining());
        }
        byte[] values = new byte[Math.toIntExact(shape.elements())];
        int area = height * width;
        for (int i = 0; i < values.length; i++) {
            int from = i;
            if (layout == Layout.NHWC) {
                int image = i / (channels * area);
                int channel = i / area % channels;
                from = (image * area + i % area) * channels + channel;
            }
            values[i] = bytes.get(bytes.position() + from);
        }
        return new ImageBatch(new RawImages.Bytes(values, shape));
    }

    /**
     * Images of one size from AWT images, stored as bytes. Transparency is ignored.
     *
     * @param channels 3 for red, green, blue; 1 for grey: the raster's own value, or 0.299 r + 0.587 g + 0.114 b
     * @throws IllegalArgumentException if the list is empty or the sizes differ
     */
    public static ImageBatch of(List<BufferedImage> images, int channels) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images: there are none");
        }
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("images: pictures have 1 or 3 channels, asked for are " + channels);
        }
        int height = images.getFirst().getHeight();
        int width = images.getFirst().getWidth();
        byte[] values = new byte[Math.multiplyExact(images.size() * channels, height * width)];
        for (int n = 0; n < images.size(); n++) {
            BufferedImage image = images.get(n);
            if (image.getHeight() != height || image.getWidth() != width) {
                throw new IllegalArgumentException("images: image " + n + " is " + image.getWidth() + " x "
                        + image.getHeight() + " pixels, image 0 " + width + " x " + height);
            }
            fill(image, channels, values, n * channels * height * width);
        }
        return new ImageBatch(new RawImages.Bytes(values, Shape.of(images.size(), channels, height, width)));
    }

    private static void fill(BufferedImage image, int channels, byte[] values, int start) {
        int area = image.getHeight() * image.getWidth();
        // getRGB would pass grey values through a colour profile and change them.
        boolean grey = image.getType() == BufferedImage.TYPE_BYTE_GRAY;
        Raster raster = grey ? image.getRaster() : null;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int at = start + y * image.getWidth() + x;
                int rgb = grey ? 0x010101 * raster.getSample(x, y, 0) : image.getRGB(x, y);
                int red = rgb >> 16 & 255;
                int green = rgb >> 8 & 255;
                int blue = rgb & 255;
                if (channels == 3) {
                    values[at] = (byte) red;
                    values[at + area] = (byte) green;
                    values[at + 2 * area] = (byte) blue;
                } else {
                    values[at] = (byte) (grey ? red : Math.round(0.299f * red + 0.587f * green + 0.114f * blue));
                }
            }
        }
    }

    /** (N, C, H, W). */
    public Shape shape() {
        return images.shape();
    }

    /** N. */
    public int count() {
        return images.count();
    }

    /**
     * A copy of the values of {@code count} images that start at {@code first}.
     *
     * @throws IndexOutOfBoundsException if there are fewer images
     */
    public float[] values(int first, int count) {
        requirePart(first, count);
        float[] values = images.part(first, count).values();
        return images instanceof RawImages.Floats && count == count() ? values.clone() : values;
    }

    /**
     * {@code count} images that start at {@code first}, in the form that is uploaded to a device. The caller must not change them.
     *
     * @throws IndexOutOfBoundsException if there are fewer images
     */
    public RawImages part(int first, int count) {
        requirePart(first, count);
        return images.part(first, count);
    }

    private void requirePart(int first, int count) {
        if (first < 0 || count < 1 || first > count() - count) {
            throw new IndexOutOfBoundsException("images: " + count + " from image " + first
                    + " on were asked for; there are " + count() + ", counted from 0");
        }
    }
}
