package org.codanet.plot;

import java.util.ArrayList;
import java.util.List;
import org.codanet.plot.Canvas.Anchor;
import org.codanet.plot.Canvas.Point;

/**
 * Curves with the intervals of their points, and their names below.
 *
 * @param title above the plot
 * @param horizontal name of the horizontal axis
 * @param vertical name of the vertical axis, which reaches from 0 to 1
 * @param largest end of the horizontal axis, which begins at 0
 * @param curves in the order of their names
 */
public record CurvePlot(String title, String horizontal, String vertical, double largest, List<Curve> curves)
        implements Plot {
    private static final int TOP = 52;
    private static final int LEFT = 38;
    private static final int RIGHT = 14;
    private static final int AXIS = 42;
    private static final int KEY_ROW = 20;
    private static final int KEY_LINE = 26;

    /**
     * A curve.
     *
     * @param name below the plot
     * @param series decides the colour
     * @param positions of the points on the horizontal axis
     * @param points from left to right
     */
    public record Curve(String name, int series, List<Double> positions, List<Value> points) {
        /** Copies the lists. @throws IllegalArgumentException if there is no point, or not one position for each point */
        public Curve {
            positions = List.copyOf(positions);
            points = List.copyOf(points);
            if (points.isEmpty() || points.size() != positions.size()) {
                throw new IllegalArgumentException("curve plot: curve '" + name + "' has " + points.size()
                        + " points at " + positions.size() + " positions");
            }
        }
    }

    /** A point and its interval. */
    public record Value(double mean, double low, double high) {}

    /** Copies the list. @throws IllegalArgumentException if there is no curve */
    public CurvePlot {
        curves = List.copyOf(curves);
        if (curves.isEmpty()) {
            throw new IllegalArgumentException("curve plot: there is no curve to draw");
        }
    }

    @Override
    public String label() {
        StringBuilder text = new StringBuilder(title).append(". ");
        for (Curve curve : curves) {
            text.append(curve.name())
                    .append(": from ")
                    .append(Axis.text(curve.points().getFirst().mean()))
                    .append(" to ")
                    .append(Axis.text(curve.points().getLast().mean()))
                    .append(". ");
        }
        return text.toString().strip();
    }

    @Override
    public int height(int width) {
        return plotBottom(width) + AXIS + keyRows(width).size() * KEY_ROW + 6;
    }

    private static int plotBottom(int width) {
        return TOP + (int) Math.round(0.42 * width + 40);
    }

    @Override
    public void draw(Canvas canvas, int width) {
        int bottom = plotBottom(width);
        Axis x = new Axis(0, largest, LEFT, width - RIGHT);
        Axis y = new Axis(0, 1, bottom, TOP);
        canvas.text(new Point(0, 14), Anchor.START, Ink.TEXT, true, title);
        canvas.text(new Point(0, TOP - 14), Anchor.START, Ink.MUTED, false, vertical);
        for (double tick : y.ticks()) {
            canvas.line(LEFT, y.at(tick), width - RIGHT, y.at(tick), Ink.GRID, 1);
            canvas.text(new Point(LEFT - 8, y.at(tick) + 4), Anchor.END, Ink.MUTED, false, Axis.text(tick));
        }
        for (double tick : x.ticks()) {
            canvas.text(new Point(x.at(tick), bottom + 16), Anchor.MIDDLE, Ink.MUTED, false, Axis.text(tick));
        }
        canvas.text(new Point((LEFT + width - RIGHT) / 2.0, bottom + 34), Anchor.MIDDLE, Ink.MUTED, false, horizontal);
        curves.forEach(curve -> band(canvas, curve, x, y));
        curves.forEach(
                curve -> canvas.line(means(curve, x, y), Ink.series(curve.series()), 2, Ink.isDashed(curve.series())));
        double keyY = bottom + AXIS + KEY_ROW / 2.0;
        for (List<Curve> row : keyRows(width)) {
            double keyX = 0;
            for (Curve curve : row) {
                Ink ink = Ink.series(curve.series());
                canvas.line(
                        List.of(new Point(keyX, keyY), new Point(keyX + KEY_LINE, keyY)),
                        ink,
                        2.5,
                        Ink.isDashed(curve.series()));
                canvas.text(new Point(keyX + KEY_LINE + 6, keyY + 4), Anchor.START, Ink.TEXT, false, curve.name());
                keyX += keyWidth(curve);
            }
            keyY += KEY_ROW;
        }
    }

    private static void band(Canvas canvas, Curve curve, Axis x, Axis y) {
        List<Point> outline = new ArrayList<>();
        for (int i = 0; i < curve.points().size(); i++) {
            outline.add(new Point(
                    x.at(curve.positions().get(i)), y.at(curve.points().get(i).high())));
        }
        for (int i = curve.points().size() - 1; i >= 0; i--) {
            outline.add(new Point(
                    x.at(curve.positions().get(i)), y.at(curve.points().get(i).low())));
        }
        canvas.area(outline, Ink.series(curve.series()), 0.18);
    }

    private static List<Point> means(Curve curve, Axis x, Axis y) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < curve.points().size(); i++) {
            points.add(new Point(
                    x.at(curve.positions().get(i)), y.at(curve.points().get(i).mean())));
        }
        return points;
    }

    private static double keyWidth(Curve curve) {
        return KEY_LINE + 24 + Canvas.widthOf(curve.name());
    }

    /** The names in rows that fit the width. */
    private List<List<Curve>> keyRows(int width) {
        List<List<Curve>> rows = new ArrayList<>();
        double used = Double.POSITIVE_INFINITY;
        for (Curve curve : curves) {
            if (used + keyWidth(curve) > width) {
                rows.add(new ArrayList<>());
                used = 0;
            }
            rows.getLast().add(curve);
            used += keyWidth(curve);
        }
        return rows;
    }
}
