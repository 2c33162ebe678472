package org.codanet.plot;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** A picture in light colours, two picture pixels for each pixel of the plot, with a margin. */
final class PictureCanvas implements Canvas {
    private static final int SCALE = 2;
    private static final int MARGIN = 12;
    private static final int TEXT_PIXELS = 12;

    private final BufferedImage picture;
    private final Graphics2D graphics;

    PictureCanvas(int width, int height) {
        picture = new BufferedImage(
                (width + 2 * MARGIN) * SCALE, (height + 2 * MARGIN) * SCALE, BufferedImage.TYPE_INT_RGB);
        graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        graphics.scale(SCALE, SCALE);
        graphics.translate(MARGIN, MARGIN);
    }

    @Override
    public void line(List<Point> points, Ink ink, double width, boolean dashed) {
        graphics.setColor(new Color(ink.light()));
        graphics.setStroke(
                dashed
                        ? new BasicStroke(
                                (float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 4}, 0)
                        : new BasicStroke((float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
        graphics.draw(path(points));
    }

    @Override
    public void area(List<Point> outline, Ink ink, double opacity) {
        graphics.setColor(new Color(ink.light()));
        graphics.setComposite(AlphaComposite.getInstance(AlphaComposite.SRC_OVER, (float) opacity));
        Path2D path = path(outline);
        path.closePath();
        graphics.fill(path);
        graphics.setComposite(AlphaComposite.SrcOver);
    }

    @Override
    public void dot(Point centre, double radius, Ink ink) {
        graphics.setColor(new Color(ink.light()));
        graphics.fill(new Ellipse2D.Double(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius));
    }

    @Override
    public void text(Point at, Anchor anchor, Ink ink, boolean bold, String text) {
        graphics.setColor(new Color(ink.light()));
        graphics.setFont(new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, TEXT_PIXELS));
        double width = graphics.getFontMetrics().getStringBounds(text, graphics).getWidth();
        double shift = switch (anchor) {
            case START -> 0;
            case MIDDLE -> width / 2;
            case END -> width;
        };
        graphics.drawString(text, (float) (at.x() - shift), (float) at.y());
    }

    private static Path2D path(List<Point> points) {
        Path2D path = new Path2D.Double();
        path.moveTo(points.getFirst().x(), points.getFirst().y());
        points.subList(1, points.size()).forEach(p -> path.lineTo(p.x(), p.y()));
        return path;
    }

    /** {@return the picture; nothing can be drawn afterwards} */
    BufferedImage finish() {
        graphics.dispose();
        return picture;
    }
}
