package org.codanet.data.transform;

/**
 * A rectangular part of a stored image, mirrored or not. It may extend beyond the image; pixels outside the image are black.
 *
 * @param top the topmost row of the image that the window covers
 * @param left the leftmost column of the image that the window covers; if the window is mirrored, this is its last column
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
     * {@return a part of this window; this window must be the whole image, mirrored or not}
     *
     * @param fromTop the first row of the part
     * @param fromLeft the first column of the part
     * @param rows the number of rows of the part
     * @param columns the number of columns of the part
     */
    public Window cut(int fromTop, int fromLeft, int rows, int columns) {
        return new Window(
                top + fromTop, left + (mirrored ? width - fromLeft - columns : fromLeft), rows, columns, mirrored);
    }

    /** {@return this window with left and right exchanged} */
    public Window mirror() {
        return new Window(top, left, height, width, !mirrored);
    }
}
