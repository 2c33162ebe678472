package org.codanet.data.batch;

import java.util.Arrays;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.tensor.Shape;

/**
 * Images in the form that is uploaded to a device. The device divides bytes by 255, cuts out windows, applies augmentation steps and
 * appends inverse channels. The arrays are not copied, so they must not change until the images have been uploaded.
 */
public sealed interface RawImages {
    /** {@return the extents of the images that the network receives, (N, C, H, W)} */
    Shape shape();

    /** {@return the form of the images; images of equal form can be processed by the same pass} */
    Form form();

    /** {@return N} */
    default int count() {
        return shape().extent(0);
    }

    /**
     * {@return some of these images}
     *
     * @param first the index of the first image
     * @param count the number of images, at least 1
     */
    RawImages part(int first, int count);

    /** {@return the values in [0, 1] before any steps, (N, C, H, W); computed on the host, with the same bits that a device computes} */
    float[] values();

    /** {@return the steps that {@code ImageAugmentation} applies to the images, (N, S, 7); null if there are none} */
    float[] steps();

    /**
     * The extents and the kind of images, without their values.
     *
     * @param shape the extents of the images that the network receives, (N, C, H, W)
     * @param stored the extents of the stored bytes, (N, C, Hs, Ws); null for float32 values
     * @param placed whether a window is cut out of each image
     * @param steps S, the number of augmentation steps for each image; 0 for none
     */
    record Form(Shape shape, Shape stored, boolean placed, int steps) {
        /** The same form for another number of images. */
        public Form withCount(int count) {
            return new Form(shape.withFirst(count), stored == null ? null : stored.withFirst(count), placed, steps);
        }

        @Override
        public String toString() {
            return shape
                    + (stored == null ? "" : placed ? " out of bytes " + stored : " in bytes")
                    + (steps == 0 ? "" : " in " + steps + (steps == 1 ? " step" : " steps"));
        }
    }

    /**
     * Images in float32.
     *
     * @param values the values in [0, 1], (N, C, H, W)
     * @param steps (N, S, 7), or null
     * @param shape (N, C, H, W)
     */
    record Floats(float[] values, float[] steps, Shape shape) implements RawImages {
        /** @throws IllegalArgumentException if the number of values does not match the four extents, or the steps are invalid */
        public Floats {
            require(shape, values.length, "values");
            requireSteps(steps, shape);
        }

        /** Images without a window and without augmentation steps. */
        public Floats(float[] values, Shape shape) {
            this(values, null, shape);
        }

        @Override
        public Form form() {
            return new Form(shape, null, false, stepsEach(steps, shape));
        }

        @Override
        public RawImages part(int first, int count) {
            return first == 0 && count == count()
                    ? this
                    : new Floats(
                            slice(values, shape, first, count),
                            slice(steps, shape, first, count),
                            shape.withFirst(count));
        }
    }

    /**
     * Images in bytes, and the window of each that is the network's image. A byte b means the value b / 255.
     *
     * @param bytes the stored images, (N, C, Hs, Ws)
     * @param stored (N, C, Hs, Ws)
     * @param windows the window of each image, (N, 3), in the order of {@code ImageInput}'s placement: top, left, and whether it is
     *     mirrored; null if the images are not cropped
     * @param steps (N, S, 7), or null
     * @param shape (N, C, H, W) of the windows
     */
    record Bytes(byte[] bytes, Shape stored, float[] windows, float[] steps, Shape shape) implements RawImages {
        /** @throws IllegalArgumentException if the numbers of bytes or windows do not match the extents, or the steps are invalid */
        public Bytes {
            require(stored, bytes.length, "bytes");
            if (stored.extent(0) != shape.extent(0)
                    || stored.extent(1) != shape.extent(1)
                    || (windows == null ? !stored.equals(shape) : windows.length != 3 * stored.extent(0))) {
                throw new IllegalArgumentException("images: windows " + shape + " of stored images " + stored);
            }
            requireSteps(steps, shape);
        }

        /** Images without a window and without augmentation steps. */
        public Bytes(byte[] bytes, Shape stored) {
            this(bytes, stored, null, null, stored);
        }

        @Override
        public Form form() {
            return new Form(shape, stored, windows != null, stepsEach(steps, shape));
        }

        @Override
        public RawImages part(int first, int count) {
            if (first == 0 && count == count()) {
                return this;
            }
            int image = bytes.length / count();
            return new Bytes(
                    Arrays.copyOfRange(bytes, first * image, (first + count) * image),
                    stored.withFirst(count),
                    slice(windows, shape, first, count),
                    slice(steps, shape, first, count),
                    shape.withFirst(count));
        }

        @Override
        public float[] values() {
            float[] values = new float[Math.toIntExact(shape.elements())];
            int width = shape.extent(3);
            int planes = shape.extent(0) * shape.extent(1);
            int area = shape.extent(2) * width;
            for (int plane = 0; plane < planes; plane++) {
                int window = windows == null ? 0 : 3 * (plane / shape.extent(1));
                int top = windows == null ? 0 : (int) windows[window];
                int left = windows == null ? 0 : (int) windows[window + 1];
                boolean mirrored = windows != null && windows[window + 2] != 0;
                for (int i = 0; i < area; i++) {
                    int column = left + (mirrored ? width - 1 - i % width : i % width);
                    values[plane * area + i] = value(plane, top + i / width, column);
                }
            }
            return values;
        }

        private float value(int plane, int row, int column) {
            int height = stored.extent(2);
            int width = stored.extent(3);
            boolean inside = row >= 0 && row < height && column >= 0 && column < width;
            return inside ? Byte.toUnsignedInt(bytes[(plane * height + row) * width + column]) / 255f : 0;
        }
    }

    private static void require(Shape shape, int given, String what) {
        if (shape.rank() != 4 || shape.elements() != given) {
            throw new IllegalArgumentException("images: (N, C, H, W) = " + shape + " of " + given + " " + what);
        }
    }

    private static void requireSteps(float[] steps, Shape shape) {
        if (steps == null) {
            return;
        }
        int all = stepsEach(steps, shape) * shape.extent(0) * AugmentationOperation.NUMBERS;
        if (steps.length == 0 || all != steps.length) {
            throw new IllegalArgumentException("images: " + steps.length + " numbers are no steps (N, S, "
                    + AugmentationOperation.NUMBERS + ") of " + shape.extent(0) + " images");
        }
        for (int at = 0; at < steps.length; at += AugmentationOperation.NUMBERS) {
            AugmentationOperation.read(steps, at);
        }
    }

    private static int stepsEach(float[] steps, Shape shape) {
        return steps == null ? 0 : steps.length / shape.extent(0) / AugmentationOperation.NUMBERS;
    }

    private static float[] slice(float[] values, Shape shape, int first, int count) {
        if (values == null) {
            return null;
        }
        int image = values.length / shape.extent(0);
        return Arrays.copyOfRange(values, first * image, (first + count) * image);
    }
}
