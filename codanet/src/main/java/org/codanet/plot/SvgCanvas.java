package org.codanet.plot;

import java.util.List;
import java.util.Locale;
import org.codanet.markup.Html;

/**
 * Elements of an SVG drawing. Each element has its light colour as an attribute, for programs without CSS, and a class, by which {@link
 * #STYLE} changes the colour in a dark setting.
 */
final class SvgCanvas implements Canvas {
    /** The style sheet of drawings. A page includes it once, an SVG file contains it. */
    static final String STYLE = style();

    private final StringBuilder svg = new StringBuilder();

    private static String style() {
        StringBuilder css =
                new StringBuilder(".plot text { font: 12px system-ui, -apple-system, \"Segoe UI\", sans-serif; }\n"
                        + ".plot .bold { font-weight: 600; }\n"
                        + "@media screen and (prefers-color-scheme: dark) {\n"
                        + "  svg.plot { background: var(--card, #1c1e23); }\n");
        for (Ink ink : Ink.all()) {
            String colour = hex(ink.dark());
            css.append(String.format(
                    Locale.ROOT,
                    "  .plot .%1$s.line { stroke: %2$s; } .plot .%1$s.area, .plot text.%1$s { fill: %2$s; }%n",
                    ink.name(),
                    colour));
        }
        return css.append("}\n").toString();
    }

    private static String hex(int rgb) {
        return String.format(Locale.ROOT, "#%06x", rgb);
    }

    @Override
    public void line(List<Point> points, Ink ink, double width, boolean dashed) {
        add(
                "<polyline class=\"%s line\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"%s points=\"%s\"/>",
                ink.name(),
                hex(ink.light()),
                number(width),
                dashed ? " stroke-dasharray=\"6 4\"" : "",
                coordinates(points));
    }

    @Override
    public void area(List<Point> outline, Ink ink, double opacity) {
        add(
                "<polygon class=\"%s area\" fill=\"%s\" fill-opacity=\"%s\" points=\"%s\"/>",
                ink.name(), hex(ink.light()), number(opacity), coordinates(outline));
    }

    @Override
    public void dot(Point centre, double radius, Ink ink) {
        add(
                "<circle class=\"%s area\" fill=\"%s\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>",
                ink.name(), hex(ink.light()), number(centre.x()), number(centre.y()), number(radius));
    }

    @Override
    public void text(Point at, Anchor anchor, Ink ink, boolean bold, String text) {
        add(
                "<text class=\"%s%s\" fill=\"%s\" font-size=\"12\" font-family=\"sans-serif\"%s text-anchor=\"%s\" x=\"%s\" y=\"%s\">%s</text>",
                ink.name(),
                bold ? " bold" : "",
                hex(ink.light()),
                bold ? " font-weight=\"600\"" : "",
                anchor.name().toLowerCase(Locale.ROOT),
                number(at.x()),
                number(at.y()),
                Html.escape(text));
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String coordinates(List<Point> points) {
        StringBuilder text = new StringBuilder();
        points.forEach(p ->
                text.append(number(p.x())).append(',').append(number(p.y())).append(' '));
        return text.toString().strip();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value).replaceAll("\\.?0+$", "");
    }

    /** {@return the elements that were drawn} */
    String elements() {
        return svg.toString();
    }
}
