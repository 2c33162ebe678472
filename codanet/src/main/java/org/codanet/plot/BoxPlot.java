package org.codanet.plot;

import java.util.List;
import org.codanet.plot.Canvas.Anchor;
import org.codanet.plot.Canvas.Point;

/**
 * Horizontal box plots in groups. A box reaches from the 25th to the 75th percentile, its line is the median, its dot the mean, and its
 * whiskers reach from the 5th to the 95th percentile.
 *
 * @param title above the plot
 * @param axis below the axis of values
 * @param largest end of the axis, which begins at 0
 * @param groups from top to bottom
 * @param references vertical lines with a name
 */
public record BoxPlot(String title, String axis, double largest, List<Group> groups, List<Reference> references)
        implements Plot {
    private static final int TOP = 46;
    private static final int BOTTOM = 42;
    private static final int ROW = 24;
    private static final int GROUP_GAP = 10;
    private static final int BOX = 14;
    private static final int RIGHT = 14;

    /**
     * Boxes under one heading.
     *
     * @param heading empty for none
     */
    public record Group(String heading, List<Box> boxes) {}

    /** One box. @param series decides its colour */
    public record Box(
            String label,
            int series,
            double percentile5,
            double percentile25,
            double median,
            double percentile75,
            double percentile95,
            double mean) {}

    /** A value to compare with. */
    public record Reference(String name, double value) {}

    /** Copies the lists. @throws IllegalArgumentException if there is no box */
    public BoxPlot {
        groups = List.copyOf(groups);
        references = List.copyOf(references);
        if (groups.stream().allMatch(group -> group.boxes().isEmpty())) {
            throw new IllegalArgumentException("box plot: there is no box to draw");
        }
    }

    @Override
    public String label() {
        StringBuilder text = new StringBuilder(title).append(". ");
        for (Group group : groups) {
            for (Box box : group.boxes()) {
                text.append(group.heading().isEmpty() ? "" : group.heading() + " ")
                        .append(box.label())
                        .append(": median ")
                        .append(Axis.text(box.median()))
                        .append(", mean ")
                        .append(Axis.text(box.mean()))
                        .append(". ");
            }
        }
        return text.toString().strip();
    }

    @Override
    public int height(int width) {
        int height = TOP + BOTTOM;
        for (Group group : groups) {
            height += (group.heading().isEmpty() ? 0 : ROW) + group.boxes().size() * ROW + GROUP_GAP;
        }
        return height;
    }

    @Override
    public void draw(Canvas canvas, int width) {
        double longest = groups.stream()
                .flatMap(group -> group.boxes().stream())
                .mapToDouble(box -> Canvas.widthOf(box.label()))
                .max()
                .orElseThrow();
        double left = Math.min(longest + 14, width * 0.42);
        int bottom = height(width) - BOTTOM;
        Axis values = new Axis(0, largest, left, width - RIGHT);
        canvas.text(new Point(0, 14), Anchor.START, Ink.TEXT, true, title);
        for (double tick : values.ticks()) {
            canvas.line(values.at(tick), TOP, values.at(tick), bottom, Ink.GRID, 1);
            canvas.text(new Point(values.at(tick), bottom + 16), Anchor.MIDDLE, Ink.MUTED, false, Axis.text(tick));
        }
        canvas.text(new Point((left + width - RIGHT) / 2, bottom + 34), Anchor.MIDDLE, Ink.MUTED, false, axis);
        for (Reference reference : references) {
            double x = values.at(reference.value());
            canvas.line(List.of(new Point(x, TOP - 4), new Point(x, bottom)), Ink.REFERENCE, 1.5, true);
            // A name near the right end would leave the drawing.
            boolean right = x > width - 60;
            canvas.text(
                    new Point(right ? width - 2 : x, TOP - 9),
                    right ? Anchor.END : Anchor.MIDDLE,
                    Ink.MUTED,
                    false,
                    reference.name());
        }
        double y = TOP;
        for (Group group : groups) {
            y += GROUP_GAP / 2.0;
            if (!group.heading().isEmpty()) {
                canvas.text(new Point(0, y + 16), Anchor.START, Ink.TEXT, true, group.heading());
                y += ROW;
            }
            for (Box box : group.boxes()) {
                draw(canvas, box, values, left, y + ROW / 2.0);
                y += ROW;
            }
            y += GROUP_GAP / 2.0;
        }
    }

    private static void draw(Canvas canvas, Box box, Axis values, double left, double y) {
        Ink ink = Ink.series(box.series());
        String label = box.label();
        int fitting = (int) ((left - 10) / Canvas.widthOf("x"));
        String shown = label.length() > fitting ? label.substring(0, Math.max(1, fitting - 1)) + "…" : label;
        canvas.text(new Point(left - 8, y + 4), Anchor.END, Ink.TEXT, false, shown);
        canvas.line(values.at(box.percentile5()), y, values.at(box.percentile95()), y, ink, 1.5);
        for (double end : new double[] {box.percentile5(), box.percentile95()}) {
            canvas.line(values.at(end), y - 4, values.at(end), y + 4, ink, 1.5);
        }
        double from = values.at(box.percentile25());
        double width = Math.max(1, values.at(box.percentile75()) - from);
        canvas.rectangle(from, y - BOX / 2.0, width, BOX, ink, 0.35);
        double median = values.at(box.median());
        canvas.line(median, y - BOX / 2.0, median, y + BOX / 2.0, ink, 3);
        canvas.dot(new Point(values.at(box.mean()), y), 3, ink);
    }
}
