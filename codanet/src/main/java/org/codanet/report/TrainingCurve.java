package org.codanet.report;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.codanet.markup.Html;

/** Loss and accuracy over the epochs as an SVG picture that follows the reader's light or dark setting. */
public final class TrainingCurve {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 280;
    private static final int TOP = 44;
    private static final int BOTTOM = 44;
    private static final int LEFT = 52;
    private static final int PANEL = 284;
    private static final int GAP = 80;

    /** The style sheet of the drawing. A page includes it once, an SVG file contains it. */
    static final String STYLE = """
            .tc { background: var(--card, #fffefb); --tc-ink: #1d1c1a; --tc-muted: #6b675f; --tc-line: #e2ded6; --tc-train: #8a857b; --tc-held: #1f5fe0; }
            @media screen and (prefers-color-scheme: dark) {
              .tc { background: var(--card, #1c1e23); --tc-ink: #ecebe8; --tc-muted: #a9a69f; --tc-line: #373a42; --tc-train: #97938a; --tc-held: #7aa5ff; }
            }
            .tc text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--tc-muted); }
            .tc .tc-title { font-size: 13px; font-weight: 600; fill: var(--tc-ink); }
            .tc .tc-grid { stroke: var(--tc-line); stroke-width: 1; }
            .tc polyline { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
            .tc .tc-train { stroke: var(--tc-train); stroke-dasharray: 5 4; }
            .tc .tc-held { stroke: var(--tc-held); }
            .tc circle.tc-held { fill: var(--tc-held); stroke: none; }
            .tc circle.tc-train { fill: var(--tc-train); stroke: none; }
            """;

    private final List<CurvePoint> points;

    /**
     * A curve through some epochs.
     *
     * @param points in the order of the epochs; at least one
     */
    public TrainingCurve(List<CurvePoint> points) {
        if (points.isEmpty()) {
            throw new IllegalArgumentException("training curve: no epoch to draw");
        }
        this.points = List.copyOf(points);
    }

    /** The text of an SVG file with loss and accuracy side by side. */
    public String svg() {
        return drawing(0, WIDTH, label(), "<style>\n" + STYLE + "</style>\n");
    }

    /**
     * The curves for a page: side by side in a wide window; in a narrow window one below the other at twice the size. The
     * page has to include {@link #STYLE}.
     */
    String html() {
        int half = WIDTH / 2;
        return "<div class=\"wide\">" + drawing(0, WIDTH, label(), "") + "</div>\n<div class=\"narrow\">"
                + drawing(0, half, label(), "") + drawing(half, half, "Accuracy in the same epochs.", "") + "</div>\n";
    }

    /** The part of the drawing that begins at {@code left}. */
    private String drawing(int left, int width, String label, String style) {
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg class=\"tc\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%d 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                left,
                width,
                HEIGHT,
                Html.escape(label)));
        svg.append(style);
        panel(svg, LEFT, "Loss", lossTop(), this::plain, CurvePoint::trainingLoss, CurvePoint::heldOutLoss);
        panel(
                svg,
                LEFT + PANEL + GAP,
                "Accuracy",
                1,
                v -> Math.round(100 * v) + " %",
                CurvePoint::trainingAccuracy,
                CurvePoint::heldOutAccuracy);
        key(svg);
        return svg.append("</svg>\n").toString();
    }

    private String label() {
        return "Training curve. " + summary();
    }

    /** The first and last losses and the final accuracy in one or two sentences. */
    public String summary() {
        CurvePoint first = points.getFirst();
        CurvePoint last = points.getLast();
        String text = points.size() == 1
                ? String.format(Locale.ROOT, "After one epoch, the training loss was %.3f.", last.trainingLoss())
                : String.format(
                        Locale.ROOT,
                        "In %d epochs, the training loss changed from %.3f to %.3f.",
                        points.size(),
                        first.trainingLoss(),
                        last.trainingLoss());
        if (Double.isFinite(last.heldOutAccuracy())) {
            text += String.format(
                    Locale.ROOT,
                    " The accuracy on held-out images was %.1f %% at the end.",
                    100 * last.heldOutAccuracy());
        }
        return text;
    }

    private void panel(
            StringBuilder svg,
            int left,
            String title,
            double top,
            java.util.function.DoubleFunction<String> tick,
            ToDoubleFunction<CurvePoint> training,
            ToDoubleFunction<CurvePoint> heldOut) {
        svg.append(text(left, 18, "start", "tc-title", title));
        for (int i = 0; i <= 4; i++) {
            double value = top * i / 4;
            double y = y(value, top);
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"tc-grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>%n",
                    left,
                    y,
                    left + PANEL,
                    y));
            svg.append(text(left - 8, y + 4, "end", "", tick.apply(value)));
        }
        int count = points.size();
        int step = Math.max(1, (int) Math.ceil(count / 8.0));
        for (int i = 0; i < count; i += step) {
            svg.append(text(
                    x(left, i),
                    HEIGHT - BOTTOM + 18,
                    "middle",
                    "",
                    Integer.toString(points.get(i).epoch())));
        }
        svg.append(text(left + PANEL / 2.0, HEIGHT - 8, "middle", "", "epoch"));
        line(svg, left, top, "tc-train", training);
        line(svg, left, top, "tc-held", heldOut);
    }

    private void line(StringBuilder svg, int left, double top, String style, ToDoubleFunction<CurvePoint> value) {
        StringBuilder path = new StringBuilder();
        int drawn = 0;
        double lastX = 0;
        double lastY = 0;
        for (int i = 0; i < points.size(); i++) {
            double v = value.applyAsDouble(points.get(i));
            if (Double.isFinite(v)) {
                lastX = x(left, i);
                lastY = y(v, top);
                path.append(String.format(Locale.ROOT, "%.1f,%.1f ", lastX, lastY));
                drawn++;
            }
        }
        if (drawn == 0) {
            return;
        }
        svg.append("<polyline class=\"")
                .append(style)
                .append("\" points=\"")
                .append(path.toString().strip())
                .append("\"/>\n");
        svg.append(String.format(
                Locale.ROOT, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>%n", style, lastX, lastY));
    }

    private void key(StringBuilder svg) {
        int right = LEFT + 2 * PANEL + GAP;
        svg.append(String.format(
                Locale.ROOT, "<polyline class=\"tc-train\" points=\"%d,14 %d,14\"/>%n", right - 178, right - 154));
        svg.append(text(right - 148, 18, "start", "", "training"));
        svg.append(String.format(
                Locale.ROOT, "<polyline class=\"tc-held\" points=\"%d,14 %d,14\"/>%n", right - 84, right - 60));
        svg.append(text(right - 54, 18, "start", "", "held-out"));
    }

    private static String text(double x, double y, String anchor, String style, String content) {
        return String.format(
                Locale.ROOT,
                "<text%s x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                style.isEmpty() ? "" : " class=\"" + style + "\"",
                x,
                y,
                anchor,
                Html.escape(content));
    }

    private double x(int left, int point) {
        return points.size() == 1 ? left + PANEL / 2.0 : left + (double) PANEL * point / (points.size() - 1);
    }

    private static double y(double value, double top) {
        double share = Math.max(0, Math.min(1, value / top));
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    /** The largest loss, rounded up to 1, 2, 4, 6, 8 or 10 times a power of ten so that the four grid lines read well. */
    private double lossTop() {
        double largest = points.stream()
                .flatMapToDouble(p -> DoubleStream.of(p.trainingLoss(), p.heldOutLoss()))
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        if (!(largest > 0)) {
            return 1;
        }
        double unit = Math.pow(10, Math.floor(Math.log10(largest)));
        for (double factor : new double[] {1, 2, 4, 6, 8}) {
            if (largest <= factor * unit) {
                return factor * unit;
            }
        }
        return 10 * unit;
    }

    private String plain(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}
