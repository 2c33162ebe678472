package org.codanet.video;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.FileImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * The frames of a GIF file. The JDK decodes the changed rectangles, and this class draws them onto the canvas. Transparent parts of the
 * canvas are white. Source: GIF89a specification.
 */
final class GifFrames implements FrameSource {
    private static final String FORMAT = "javax_imageio_gif_image_1.0";

    /** Browsers show frames with a delay of at most 0.01 s for 0.1 s. */
    private static final double DEFAULT_SECONDS = 0.1;

    private static final double SHORTEST_SECONDS = 0.02;

    private final Path file;
    private final FileImageInputStream input;
    private final ImageReader reader;
    private final BufferedImage canvas;
    private int number;
    private Rectangle toClear;
    private BufferedImage toRestore;

    GifFrames(Path file) throws IOException {
        this.file = file;
        if (Files.size(file) == 0) {
            throw new IOException(file + ": is empty");
        }
        this.input = new FileImageInputStream(file.toFile());
        this.reader = ImageIO.getImageReadersByFormatName("gif").next();
        try {
            reader.setInput(input, false, false);
            Element screen =
                    element(reader.getStreamMetadata(), "javax_imageio_gif_stream_1.0", "LogicalScreenDescriptor");
            canvas = new BufferedImage(
                    Integer.parseInt(screen.getAttribute("logicalScreenWidth")),
                    Integer.parseInt(screen.getAttribute("logicalScreenHeight")),
                    BufferedImage.TYPE_INT_RGB);
        } catch (IOException | RuntimeException e) {
            close();
            throw new IOException(file + ": is not a GIF file, or its head is damaged", e);
        }
        clear(new Rectangle(canvas.getWidth(), canvas.getHeight()));
    }

    @Override
    public Optional<Frame> next() throws IOException {
        BufferedImage part;
        IIOMetadata metadata;
        try {
            part = reader.read(number);
            metadata = reader.getImageMetadata(number);
        } catch (IndexOutOfBoundsException e) {
            if (!endsWithTrailer()) {
                throw damaged(e);
            }
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            // The JDK's reader throws exceptions of many kinds for damaged data.
            throw damaged(e);
        }
        dispose();
        Element place = element(metadata, FORMAT, "ImageDescriptor");
        Element control = element(metadata, FORMAT, "GraphicControlExtension");
        int left = Integer.parseInt(place.getAttribute("imageLeftPosition"));
        int top = Integer.parseInt(place.getAttribute("imageTopPosition"));
        String disposal = control == null ? "" : control.getAttribute("disposalMethod");
        toRestore = disposal.equals("restoreToPrevious") ? copy() : null;
        toClear = disposal.equals("restoreToBackgroundColor")
                ? new Rectangle(left, top, part.getWidth(), part.getHeight())
                : null;
        Graphics2D graphics = canvas.createGraphics();
        graphics.drawImage(part, left, top, null);
        graphics.dispose();
        number++;
        double seconds = control == null ? 0 : Integer.parseInt(control.getAttribute("delayTime")) / 100.0;
        return Optional.of(new Frame(copy(), seconds < SHORTEST_SECONDS ? DEFAULT_SECONDS : seconds));
    }

    private IOException damaged(Exception cause) {
        return new IOException(
                file + ": frame " + (number + 1) + " cannot be read; the file is cut short or damaged", cause);
    }

    /** The last byte of a complete file is a semicolon. Some programs write zeros behind it. */
    private boolean endsWithTrailer() throws IOException {
        long at = input.length() - 1;
        int last = 0;
        while (at >= 0 && last == 0) {
            input.seek(at--);
            last = input.read();
        }
        return last == ';';
    }

    private void dispose() {
        if (toRestore != null) {
            toRestore.copyData(canvas.getRaster());
        } else if (toClear != null) {
            clear(toClear);
        }
    }

    private void clear(Rectangle part) {
        Graphics2D graphics = canvas.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fill(part);
        graphics.dispose();
    }

    private BufferedImage copy() {
        BufferedImage copy = new BufferedImage(canvas.getWidth(), canvas.getHeight(), BufferedImage.TYPE_INT_RGB);
        canvas.copyData(copy.getRaster());
        return copy;
    }

    /** {@return the first element of this name; null if there is none} */
    private static Element element(IIOMetadata metadata, String format, String name) {
        NodeList children = metadata.getAsTree(format).getChildNodes();
        for (int i = 0; i < children.getLength(); i++) {
            if (children.item(i).getNodeName().equals(name)) {
                return (Element) children.item(i);
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        reader.dispose();
        input.close();
    }
}
