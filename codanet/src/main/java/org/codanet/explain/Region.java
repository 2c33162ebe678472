package org.codanet.explain;

/**
 * A rectangle of pixels.
 *
 * @param top first row
 * @param left first column
 * @param bottom row after the last
 * @param right column after the last
 */
public record Region(int top, int left, int bottom, int right) {
    /** @throws IllegalArgumentException if it is empty or begins outside the image */
    public Region {
        if (top < 0 || left < 0 || bottom <= top || right <= left) {
            throw new IllegalArgumentException(
                    "region: rows " + top + " to " + bottom + ", columns " + left + " to " + right + " have no pixel");
        }
    }
}
