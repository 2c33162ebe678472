package org.codanet.train;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The picture of a run's metrics: an SVG with the loss above and the accuracy below, over epochs. Its colours follow the
 * reader's light or dark setting, and each curve is named where it ends as well as coloured.
 */
public final class TrainingCurve {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 560;
    private static final int LEFT = 64;
    private static final int RIGHT = 110;
    private static final int PANEL = 200;
    private static final int TOP = 52;
    private static final int GAP = 62;
    private static final int TICKS = 4;
    private static final String STYLE = """
            <style>
            svg{background:#ffffff;color:#1f2328;font:13px system-ui,sans-serif}
            .axis{stroke:#8c959f;fill:none}.grid{stroke:#d8dee4;fill:none}
            .train{stroke:#9a6700;fill:none;stroke-width:2;stroke-dasharray:6 4}
            .test{stroke:#0969da;fill:none;stroke-width:2}
            .top5{stroke:#1a7f37;fill:none;stroke-width:2;stroke-dasharray:2 3}
            text{fill:currentColor}
            @media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}
            .axis{stroke:#6e7681}.grid{stroke:#30363d}.train{stroke:#e3b341}.test{stroke:#58a6ff}.top5{stroke:#56d364}}
            </style>
            """;

    private TrainingCurve() {}

    private record Curve(String name, String style, ToDoubleFunction<EpochMetrics> value) {}

    /**
     * The picture.
     *
     * @param title above it, plain text
     * @throws IllegalArgumentException if there is no epoch to draw
     */
    public static String svg(String title, List<EpochMetrics> epochs) {
        if (epochs.isEmpty()) {
            throw new IllegalArgumentException("training curve: there is no epoch to draw");
        }
        List<Curve> losses = List.of(
                new Curve("training", "train", EpochMetrics::trainLoss),
                new Curve("test", "test", EpochMetrics::testLoss));
        List<Curve> accuracies = List.of(
                new Curve("training", "train", m -> 100 * m.trainTop1()),
                new Curve("test", "test", m -> 100 * m.testTop1()),
                new Curve("test, top 5", "top5", m -> 100 * m.testTop5()));
        double highest = 0;
        for (EpochMetrics m : epochs) {
            for (double loss : new double[] {m.trainLoss(), m.testLoss()}) {
                highest = Double.isFinite(loss) ? Math.max(highest, loss) : highest;
            }
        }
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
                        + " aria-label=\"%s\">%n",
                WIDTH,
                HEIGHT,
                WIDTH,
                HEIGHT,
                escaped(title)));
        svg.append(STYLE);
        text(svg, LEFT, 24, "start", "<tspan font-weight=\"600\">" + escaped(title) + "</tspan>");
        panel(svg, TOP, "loss", ceiling(highest), epochs, losses);
        panel(svg, TOP + PANEL + GAP, "accuracy, %", 100, epochs, accuracies);
        return svg.append("</svg>\n").toString();
    }

    private static void panel(
            StringBuilder svg, int top, String name, double high, List<EpochMetrics> epochs, List<Curve> curves) {
        int bottom = top + PANEL;
        int right = WIDTH - RIGHT;
        text(svg, LEFT, top - 8, "start", name);
        for (int tick = 0; tick <= TICKS; tick++) {
            double y = bottom - (double) PANEL * tick / TICKS;
            line(svg, tick == 0 ? "axis" : "grid", LEFT, y, right, y);
            text(svg, LEFT - 8, y + 4, "end", number(high * tick / TICKS));
        }
        int first = epochs.getFirst().epoch();
        int last = epochs.getLast().epoch();
        int step = Math.max(1, (int) Math.ceil((last - first) / 8.0));
        for (int epoch = first; epoch <= last; epoch += step) {
            text(svg, x(epoch, first, last), bottom + 18, "middle", Integer.toString(epoch));
        }
        text(svg, right, bottom + 36, "end", "epoch");
        double[] ends = ends(epochs.getLast(), curves, high, bottom);
        for (int c = 0; c < curves.size(); c++) {
            Curve curve = curves.get(c);
            StringBuilder points = new StringBuilder();
            for (EpochMetrics m : epochs) {
                double value = curve.value().applyAsDouble(m);
                if (Double.isFinite(value)) {
                    points.append(String.format(
                            Locale.ROOT, "%.1f,%.1f ", x(m.epoch(), first, last), y(value, high, bottom)));
                }
            }
            // A single epoch is a point, which a polyline would not show.
            String path = points.toString().strip();
            if (epochs.size() == 1 && !path.isEmpty()) {
                String[] at = path.split(",");
                svg.append(String.format(
                        Locale.ROOT,
                        "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"3\"/>%n",
                        curve.style(),
                        at[0],
                        at[1]));
            } else {
                svg.append(String.format(Locale.ROOT, "<polyline class=\"%s\" points=\"%s\"/>%n", curve.style(), path));
            }
            line(svg, curve.style(), right + 6, ends[c], right + 22, ends[c]);
            text(svg, right + 26, ends[c] + 4, "start", curve.name());
        }
    }

    /** Heights of the curves' names: beside the curves' ends, pushed apart where they would touch. */
    private static double[] ends(EpochMetrics last, List<Curve> curves, double high, int bottom) {
        double[] ends = new double[curves.size()];
        List<Integer> order = IntStream.range(0, ends.length)
                .boxed()
                .sorted(Comparator.comparingDouble(
                        (Integer c) -> -curves.get(c).value().applyAsDouble(last)))
                .toList();
        double free = bottom - PANEL;
        for (int c : order) {
            double value = curves.get(c).value().applyAsDouble(last);
            ends[c] = Math.max(free, Double.isFinite(value) ? y(value, high, bottom) : free);
            free = ends[c] + 16;
        }
        return ends;
    }

    private static double x(int epoch, int first, int last) {
        return LEFT + (WIDTH - RIGHT - LEFT) * (last == first ? 0.5 : (double) (epoch - first) / (last - first));
    }

    private static double y(double value, double high, int bottom) {
        return bottom - PANEL * Math.clamp(value / high, 0, 1);
    }

    /** The next of 1, 2, 4, 6, 8 times a power of ten, so that every tick is a short number. */
    private static double ceiling(double value) {
        if (!(value > 0)) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double factor : new double[] {1, 2, 4, 6, 8}) {
            if (value <= factor * power) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String number(double value) {
        return value >= 10 || value == 0
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.3g", value)
                        .replaceFirst("0+$", "")
                        .replaceFirst("\\.$", "");
    }

    private static void line(StringBuilder svg, String style, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                style,
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String content) {
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, content));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
