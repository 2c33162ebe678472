package org.codanet.data.transform;

import java.util.Locale;
import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

/**
 * Cuts out the centre of an image. Half of an odd margin is rounded half to even, as in torchvision.
 *
 * @param height the number of rows of the result, at least 1
 * @param width the number of columns of the result, at least 1
 */
public record CentreCrop(int height, int width) implements Transform {
    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public CentreCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "centre crop: %d x %d pixels cannot be cut out", width, height));
        }
    }

    @Override
    public Pixels apply(Pixels image, RandomGenerator random) {
        return cut(image, place(Window.whole(image.height(), image.width()), random));
    }

    @Override
    public boolean isPlacement() {
        return true;
    }

    @Override
    public Window place(Window of, RandomGenerator random) {
        if (of.height() < height || of.width() < width) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "is %d x %d pixels, too small for the centre crop of %d x %d; resize it before",
                    of.width(),
                    of.height(),
                    width,
                    height));
        }
        int top = (int) Math.rint((of.height() - height) / 2.0);
        int left = (int) Math.rint((of.width() - width) / 2.0);
        return of.cut(top, left, height, width);
    }

    /** {@return a window of an image, not mirrored; pixels outside the image are black} */
    static Pixels cut(Pixels image, Window window) {
        return cut(image, window.top(), window.left(), window.height(), window.width());
    }

    /** {@return a window of an image; pixels outside the image are black} */
    private static Pixels cut(Pixels image, int top, int left, int height, int width) {
        if (top == 0 && left == 0 && height == image.height() && width == image.width()) {
            return image;
        }
        Pixels result = Pixels.black(image.channels(), height, width);
        int firstColumn = Math.max(0, -left);
        int columns = Math.min(width, image.width() - left) - firstColumn;
        if (columns <= 0) {
            return result;
        }
        for (int c = 0; c < image.channels(); c++) {
            for (int y = Math.max(0, -top); y < Math.min(height, image.height() - top); y++) {
                System.arraycopy(
                        image.values(),
                        (c * image.height() + top + y) * image.width() + left + firstColumn,
                        result.values(),
                        (c * height + y) * width + firstColumn,
                        columns);
            }
        }
        return result;
    }
}
