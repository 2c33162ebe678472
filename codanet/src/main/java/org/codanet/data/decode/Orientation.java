package org.codanet.data.decode;

import org.codanet.data.image.Pixels;

/** Turns a photograph upright. An Exif orientation is a number from 1 to 8, defined by CIPA DC-008, section 4.6.4. */
final class Orientation {
    /** From this orientation on, rows and columns are exchanged. */
    static final int FIRST_TRANSPOSED = 5;

    private Orientation() {}

    /** {@return the upright picture; the given object itself if its orientation is 1} */
    static Pixels upright(Pixels stored, int orientation) {
        if (orientation <= 1) {
            return stored;
        }
        boolean transposed = orientation >= FIRST_TRANSPOSED;
        int height = transposed ? stored.width() : stored.height();
        int width = transposed ? stored.height() : stored.width();
        Pixels result = Pixels.black(stored.channels(), height, width);
        boolean fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        for (int c = 0; c < stored.channels(); c++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int storedX = transposed ? y : x;
                    int storedY = transposed ? x : y;
                    storedX = fromRight ? stored.width() - 1 - storedX : storedX;
                    storedY = fromBottom ? stored.height() - 1 - storedY : storedY;
                    result.values()[(c * height + y) * width + x] =
                            stored.values()[(c * stored.height() + storedY) * stored.width() + storedX];
                }
            }
        }
        return result;
    }
}
