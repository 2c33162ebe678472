package org.codanet.plot;

import java.awt.image.BufferedImage;
import java.util.Locale;
import org.codanet.markup.Html;

/** A plot, which can be drawn in any width. */
public interface Plot {
    /** The style sheet that a page with plots has to include once. */
    String STYLE = SvgCanvas.STYLE
            + ".plots .narrow { display: none; }\n"
            + "@media (max-width: 620px) { .plots .wide { display: none; } .plots .narrow { display: block; } }\n"
            + ".plots svg { display: block; width: 100%; height: auto; }\n";

    /** The width of files and of drawings in a wide window, in pixels. */
    int WIDE = 720;

    /** The width of drawings in a narrow window, in pixels. */
    int NARROW = 340;

    /** {@return one sentence for people who cannot see the plot} */
    String label();

    /** {@return the height in pixels at a width} */
    int height(int width);

    /** Draws the plot. */
    void draw(Canvas canvas, int width);

    /** {@return the text of an SVG file} */
    default String svg() {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg(WIDE, "<style>\n" + SvgCanvas.STYLE + "</style>\n");
    }

    /** {@return the plot for a page, in two widths, of which the style sheet shows one} */
    default String html() {
        return "<div class=\"plots\">\n<div class=\"wide\">" + svg(WIDE, "") + "</div>\n<div class=\"narrow\">"
                + svg(NARROW, "") + "</div>\n</div>\n";
    }

    /**
     * {@return a picture of the plot in light colours}
     *
     * @throws NoFontsException if this Java runtime finds no font for the text
     */
    default BufferedImage picture() throws NoFontsException {
        PictureCanvas canvas = new PictureCanvas(WIDE, height(WIDE));
        try {
            draw(canvas, WIDE);
        } catch (RuntimeException | InternalError | NoClassDefFoundError e) {
            // The JDK has no exception of its own for a system without fonts, and throws one of these three.
            throw new NoFontsException(e);
        }
        return canvas.finish();
    }

    private String svg(int width, String style) {
        SvgCanvas canvas = new SvgCanvas();
        draw(canvas, width);
        return String.format(
                Locale.ROOT,
                "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %1$d %2$d\" width=\"%1$d\" height=\"%2$d\" role=\"img\""
                        + " aria-label=\"%3$s\">%n%4$s%5$s</svg>%n",
                width,
                height(width),
                Html.escape(label()),
                style,
                canvas.elements());
    }
}
