package org.codanet.plot;

import java.util.List;

/** What a plot is drawn on. Coordinates are pixels of a page, with y pointing downwards. */
public interface Canvas {
    /** A point. */
    record Point(double x, double y) {}

    /** Which end of a text is at its position. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    /** A line through some points. */
    void line(List<Point> points, Ink ink, double width, boolean dashed);

    /** A filled area without an outline. @param opacity from 0 to 1 */
    void area(List<Point> outline, Ink ink, double opacity);

    /** A filled circle. */
    void dot(Point centre, double radius, Ink ink);

    /** A text of 12 pixels height. @param bold for titles */
    void text(Point at, Anchor anchor, Ink ink, boolean bold, String text);

    /** {@return an estimate of the width of a text in pixels, the same on every canvas} */
    static double widthOf(String text) {
        return 6.7 * text.length();
    }

    /** A straight line. */
    default void line(double x1, double y1, double x2, double y2, Ink ink, double width) {
        line(List.of(new Point(x1, y1), new Point(x2, y2)), ink, width, false);
    }

    /** A filled rectangle. */
    default void rectangle(double x, double y, double width, double height, Ink ink, double opacity) {
        area(
                List.of(
                        new Point(x, y),
                        new Point(x + width, y),
                        new Point(x + width, y + height),
                        new Point(x, y + height)),
                ink,
                opacity);
    }
}
