package org.codanet.cli.serve;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.codanet.render.Picture;

/** Drawings to try the page with, so that codanet needs no pictures of others. */
final class SamplePictures {
    private static final int SIDE = 128;

    private SamplePictures() {}

    /** PNG files by name. */
    static Map<String, byte[]> all() {
        Map<String, byte[]> pictures = new LinkedHashMap<>();
        pictures.put("ship", drawn(SamplePictures::ship));
        pictures.put("car", drawn(SamplePictures::car));
        pictures.put("plane", drawn(SamplePictures::plane));
        return pictures;
    }

    private static byte[] drawn(Consumer<Graphics2D> drawing) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        drawing.accept(graphics);
        graphics.dispose();
        return Picture.png(image);
    }

    private static void background(Graphics2D g, int top, int bottom, int ground, int from) {
        g.setPaint(new GradientPaint(0, 0, new Color(top), 0, from, new Color(bottom)));
        g.fillRect(0, 0, SIDE, from);
        g.setPaint(new Color(ground));
        g.fillRect(0, from, SIDE, SIDE - from);
    }

    private static void ship(Graphics2D g) {
        background(g, 0x9fc4e8, 0xdbe9f4, 0x24507c, 82);
        g.setColor(new Color(0x3b2b28));
        g.fillPolygon(new Polygon(new int[] {14, 114, 98, 30}, new int[] {78, 78, 100, 100}, 4));
        g.setColor(new Color(0xf2f0ea));
        g.fillRect(40, 58, 46, 20);
        g.fillRect(52, 46, 26, 12);
        g.setColor(new Color(0xb8322a));
        g.fillRect(60, 30, 9, 16);
        g.setColor(new Color(0x33556f));
        for (int x = 44; x < 84; x += 9) {
            g.fillRect(x, 64, 5, 5);
        }
    }

    private static void car(Graphics2D g) {
        background(g, 0xb9cdd8, 0xd8dfdf, 0x6b6b6e, 84);
        g.setColor(new Color(0xc4241c));
        g.fillPolygon(new Polygon(
                new int[] {10, 30, 46, 86, 102, 118, 118, 10}, new int[] {72, 68, 50, 50, 68, 74, 94, 94}, 8));
        g.setColor(new Color(0x27323a));
        g.fillPolygon(new Polygon(new int[] {38, 49, 64, 64}, new int[] {67, 54, 54, 67}, 4));
        g.fillPolygon(new Polygon(new int[] {68, 68, 84, 94}, new int[] {67, 54, 54, 67}, 4));
        g.setColor(new Color(0x161616));
        g.fillOval(22, 82, 24, 24);
        g.fillOval(84, 82, 24, 24);
        g.setColor(new Color(0xc9c9c9));
        g.fillOval(29, 89, 10, 10);
        g.fillOval(91, 89, 10, 10);
    }

    private static void plane(Graphics2D g) {
        background(g, 0x4f8fd6, 0xa9cdf0, 0xa9cdf0, 128);
        g.setColor(new Color(0xeef1f4));
        g.fillOval(12, 56, 104, 17);
        g.fillPolygon(new Polygon(new int[] {14, 22, 34}, new int[] {62, 36, 60}, 3));
        g.setColor(new Color(0xc2c8ce));
        g.fillPolygon(new Polygon(new int[] {52, 74, 56, 44}, new int[] {66, 66, 100, 100}, 4));
        g.fillPolygon(new Polygon(new int[] {56, 74, 62, 54}, new int[] {60, 60, 34, 34}, 4));
        g.setColor(new Color(0x2b4a66));
        g.setStroke(new BasicStroke(2));
        g.drawLine(40, 62, 98, 62);
    }
}
