package org.codanet.video;

import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Writes a video that ffmpeg encodes, by its default encoder for the ending of the file's name: H.264 for MP4. */
final class FfmpegSink implements FrameSink {
    private final Path file;
    private final double framesPerSecond;
    private final Path part;
    private Ffmpeg program;
    private OutputStream output;
    private int width;
    private int height;

    FfmpegSink(Path file, double framesPerSecond) {
        this.file = file;
        this.framesPerSecond = framesPerSecond;
        // The ending decides the format, so it has to stay at the end.
        this.part = file.resolveSibling(".part-" + file.getFileName());
    }

    @Override
    public void add(Frame frame) throws IOException {
        BufferedImage picture = frame.picture();
        if (program == null) {
            start(picture.getWidth(), picture.getHeight());
        }
        int[] pixels = picture.getRGB(0, 0, width, height, null, 0, width);
        byte[] rgb = new byte[3 * pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            rgb[3 * i] = (byte) (pixels[i] >> 16);
            rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
            rgb[3 * i + 2] = (byte) pixels[i];
        }
        try {
            output.write(rgb);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private void start(int frameWidth, int frameHeight) throws IOException {
        width = frameWidth;
        height = frameHeight;
        program = Ffmpeg.start(List.of(
                "-f",
                "rawvideo",
                "-pixel_format",
                "rgb24",
                "-video_size",
                width + "x" + height,
                "-framerate",
                String.format(Locale.ROOT, "%.4f", framesPerSecond),
                "-i",
                "-",
                // Encoders with halved colour planes need even extents.
                "-vf",
                "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white",
                "-pix_fmt",
                "yuv420p",
                "-y",
                FfmpegFrames.argument(part)));
        output = new BufferedOutputStream(program.process().getOutputStream(), 1 << 16);
    }

    private IOException failure(IOException cause) throws IOException {
        program.waitFor();
        return new IOException(file + ": ffmpeg cannot write it: " + program.reason(), cause);
    }

    @Override
    public void finish() throws IOException {
        try {
            output.close();
        } catch (IOException e) {
            throw failure(e);
        }
        if (program.waitFor() != 0) {
            throw failure(null);
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        if (program != null) {
            program.close();
        }
        Files.deleteIfExists(part);
    }
}
