package org.codanet.video;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageOutputStream;
import org.codanet.file.AtomicFile;

/** Writes a GIF file that repeats forever. The JDK chooses 256 colours for each frame. */
final class GifSink implements FrameSink {
    private static final String FORMAT = "javax_imageio_gif_image_1.0";

    private final Path file;
    private final Path part;
    private final FileImageOutputStream output;
    private final ImageWriter writer;
    private boolean first = true;

    GifSink(Path file) throws IOException {
        this.file = file;
        this.part = AtomicFile.partOf(file);
        Files.deleteIfExists(part);
        this.output = new FileImageOutputStream(part.toFile());
        this.writer = ImageIO.getImageWritersByFormatName("gif").next();
        writer.setOutput(output);
        writer.prepareWriteSequence(null);
    }

    @Override
    public void add(Frame frame) throws IOException {
        BufferedImage picture = frame.picture();
        IIOMetadata metadata =
                writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromBufferedImageType(picture.getType()), null);
        IIOMetadataNode root = new IIOMetadataNode(FORMAT);
        IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
        control.setAttribute("disposalMethod", "doNotDispose");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("delayTime", Long.toString(Math.clamp(Math.round(100 * frame.seconds()), 2, 65535)));
        control.setAttribute("transparentColorIndex", "0");
        root.appendChild(control);
        if (first) {
            IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
            IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
            loop.setAttribute("applicationID", "NETSCAPE");
            loop.setAttribute("authenticationCode", "2.0");
            // Sub-block 1 with the number of repetitions; 0 repeats forever.
            loop.setUserObject(new byte[] {1, 0, 0});
            extensions.appendChild(loop);
            root.appendChild(extensions);
            first = false;
        }
        metadata.mergeTree(FORMAT, root);
        writer.writeToSequence(new IIOImage(picture, null, metadata), null);
    }

    @Override
    public void finish() throws IOException {
        writer.endWriteSequence();
        output.close();
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        writer.dispose();
        try {
            output.close();
        } catch (IOException e) {
            // It was closed by finish.
        }
        Files.deleteIfExists(part);
    }
}
