package org.codanet.video;

import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The frames of a video that ffmpeg decodes, at its mean frame rate. Frames arrive as PPM pictures, which state their own extents. */
final class FfmpegFrames implements FrameSource {
    private static final Pattern RATE = Pattern.compile(" F(\\d+):(\\d+)");
    private static final int LONGEST_HEAD = 200;

    private final Path file;
    private final double seconds;
    private final Ffmpeg program;
    private final DataInputStream input;
    private int number;

    FfmpegFrames(Path file) throws IOException {
        this.file = file;
        this.seconds = 1 / framesPerSecond(file);
        // With -xerror the program ends with an error at damaged data. Without it, it would leave out frames.
        this.program = Ffmpeg.start(List.of(
                "-xerror",
                "-i",
                argument(file),
                "-map",
                "0:v:0",
                "-f",
                "image2pipe",
                "-c:v",
                "ppm",
                "-fps_mode",
                "cfr",
                "-"));
        this.input =
                new DataInputStream(new BufferedInputStream(program.process().getInputStream(), 1 << 16));
    }

    /** A name that ffmpeg cannot take for an option or a protocol. */
    static String argument(Path file) {
        return "file:" + file.toAbsolutePath();
    }

    /** The head of a video in YUV4MPEG2 states the rate: {@code YUV4MPEG2 W320 H240 F25:1 ...}. */
    private static double framesPerSecond(Path file) throws IOException {
        try (Ffmpeg probe = Ffmpeg.start(List.of(
                "-i",
                argument(file),
                "-map",
                "0:v:0",
                "-frames:v",
                "1",
                "-pix_fmt",
                "yuv420p",
                "-f",
                "yuv4mpegpipe",
                "-"))) {
            StringBuilder head = new StringBuilder();
            InputStream out = probe.process().getInputStream();
            int next = out.read();
            while (next >= 0 && next != '\n' && head.length() < LONGEST_HEAD) {
                head.append((char) next);
                next = out.read();
            }
            out.readAllBytes();
            Matcher rate = RATE.matcher(head);
            if (!rate.find()) {
                probe.waitFor();
                throw new IOException(file + ": holds no frames that ffmpeg can read: " + probe.reason());
            }
            double value = Double.parseDouble(rate.group(1)) / Double.parseDouble(rate.group(2));
            return value > 0 && Double.isFinite(value) ? value : 25;
        }
    }

    @Override
    public Optional<Frame> next() throws IOException {
        try {
            String magic = token();
            if (magic.isEmpty()) {
                if (program.waitFor() != 0) {
                    throw new IOException(file + ": frame " + (number + 1)
                            + " cannot be read; the video is cut short or damaged: " + program.reason());
                }
                return Optional.empty();
            }
            int width = Integer.parseInt(token());
            int height = Integer.parseInt(token());
            token();
            byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
            input.readFully(rgb);
            BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            int[] pixels = new int[width * height];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
            }
            picture.setRGB(0, 0, width, height, pixels, 0, width);
            number++;
            return Optional.of(new Frame(picture, seconds));
        } catch (EOFException | NumberFormatException e) {
            throw new IOException(
                    file + ": frame " + (number + 1) + " cannot be read; the video is cut short or damaged", e);
        }
    }

    /** A word of the head of a PPM picture; empty at the end of the stream. */
    private String token() throws IOException {
        StringBuilder word = new StringBuilder();
        int next = input.read();
        while (next > ' ') {
            word.append(new String(new byte[] {(byte) next}, StandardCharsets.ISO_8859_1));
            next = input.read();
        }
        return word.toString();
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}
