package org.codanet.data.transform;

import java.util.Locale;
import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

/**
 * Cuts out a window at a random place. All places are equally likely.
 *
 * @param height the number of rows of the result, at least 1
 * @param width the number of columns of the result, at least 1
 * @param padding the number of black pixels that are first added on every side, not negative
 */
public record RandomCrop(int height, int width, int padding) implements Transform {
    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public RandomCrop {
        if (height < 1 || width < 1 || padding < 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "random crop: %d x %d pixels with padding %d cannot be cut out",
                    width,
                    height,
                    padding));
        }
    }

    @Override
    public Pixels apply(Pixels image, RandomGenerator random) {
        return CentreCrop.cut(image, place(Window.whole(image.height(), image.width()), random));
    }

    @Override
    public boolean isPlacement() {
        return true;
    }

    @Override
    public Window place(Window of, RandomGenerator random) {
        int spareRows = of.height() + 2 * padding - height;
        int spareColumns = of.width() + 2 * padding - width;
        if (spareRows < 0 || spareColumns < 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "is %d x %d pixels, too small for the random crop of %d x %d with padding %d; resize it before",
                    of.width(),
                    of.height(),
                    width,
                    height,
                    padding));
        }
        int top = random.nextInt(spareRows + 1) - padding;
        int left = random.nextInt(spareColumns + 1) - padding;
        return of.cut(top, left, height, width);
    }
}
