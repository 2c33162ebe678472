package org.codanet.data.transform;

/**
 * A part of a stored image, mirrored or not. It may reach beyond the image, which is black there.
 *
 * @param top row of the image that its first row is
 * @param left column of the image that its first column is, or its last if it is mirrored
 * @param height rows
 * @param width columns
 * @param mirrored whether left and right are exchanged
 */
public record Window(int top, int left, int height, int width, boolean mirrored) {
    /**
     * {@return the whole image}
     *
     * @param height rows
     * @param width columns
     */
    public static Window whole(int height, int width) {
        return new Window(0, 0, height, width, false);
    }

    /**
     * {@return a part of this, which has to be the whole image, mirrored or not}
     *
     * @param fromTop first row of the part
     * @param fromLeft first column of the part
     * @param rows of the part
     * @param columns of the part
     */
    public Window cut(int fromTop, int fromLeft, int rows, int columns) {
        return new Window(
                top + fromTop, left + (mirrored ? width - fromLeft - columns : fromLeft), rows, columns, mirrored);
    }

    /** {@return this with left and right exchanged} */
    public Window mirror() {
        return new Window(top, left, height, width, !mirrored);
    }
}
