package org.codanet.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.render.ColourRange;
import org.codanet.testing.TestDevices;
import org.codanet.testing.ToyModels;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Videos of a few frames. {@code moving.gif} and {@code transparent.gif} were written by Pillow, which stores only the part of a frame that
 * changes.
 */
final class VideoTest {
    private static final int GREY = 0x5a5a5a;
    private static final int RED = 0xdc1e1e;
    private static final int BLUE = 0x1e3cc8;

    @TempDir
    Path folder;

    private Path moving;

    @BeforeEach
    void copyVideo() throws IOException {
        moving = resource("moving.gif");
    }

    private Path resource(String name) throws IOException {
        try (InputStream in = VideoTest.class.getResourceAsStream(name)) {
            return Files.write(folder.resolve(name), in.readAllBytes());
        }
    }

    private static List<Frame> frames(Path file) throws IOException {
        List<Frame> frames = new ArrayList<>();
        try (FrameSource source = FrameSource.open(file)) {
            for (Optional<Frame> next = source.next(); next.isPresent(); next = source.next()) {
                frames.add(next.get());
            }
        }
        return frames;
    }

    private static void assertColour(int expected, BufferedImage picture, int x, int y) {
        for (int shift = 0; shift <= 16; shift += 8) {
            int level = picture.getRGB(x, y) >> shift & 255;
            assertEquals(expected >> shift & 255, level, 6, "at " + x + ", " + y);
        }
    }

    @Nested
    class GifFiles {
        @Test
        void framesAreDrawnOnTheOnesBefore() throws IOException {
            List<Frame> frames = frames(moving);
            assertEquals(10, frames.size());
            for (int i = 0; i < 10; i++) {
                BufferedImage picture = frames.get(i).picture();
                assertColour(RED, picture, 4 * i + 5, 12);
                assertColour(GREY, picture, 4 * i + 11, 4);
                if (i > 0) {
                    assertColour(GREY, picture, 4 * i - 1, 12);
                }
                assertColour(i >= 5 ? BLUE : GREY, picture, 40, 28);
                assertEquals(i < 5 ? 0.1 : 0.2, frames.get(i).seconds(), 1e-9);
            }
        }

        @Test
        void partsThatAreDisposedBecomeWhite() throws IOException {
            List<Frame> frames = frames(resource("transparent.gif"));
            assertEquals(4, frames.size());
            for (int i = 0; i < 4; i++) {
                assertColour(0x00a000, frames.get(i).picture(), 4 * i + 1, 3);
                assertColour(0xffffff, frames.get(i).picture(), (4 * i + 5) % 16, 3);
                assertColour(0xffffff, frames.get(i).picture(), 0, 0);
                assertEquals(0.1, frames.get(i).seconds(), "a delay of 0");
            }
        }

        @Test
        void writtenFramesAreReadAgain() throws IOException {
            List<Frame> frames = frames(moving);
            Path copy = folder.resolve("copy.gif");
            try (FrameSink sink = FrameSink.create(copy, 10)) {
                for (Frame frame : frames) {
                    sink.add(frame);
                }
                sink.finish();
            }
            List<Frame> again = frames(copy);
            assertEquals(10, again.size());
            assertColour(RED, again.get(7).picture(), 33, 12);
            assertColour(BLUE, again.get(7).picture(), 40, 28);
            assertEquals(0.2, again.get(7).seconds(), 1e-9);
            assertTrue(
                    new String(Files.readAllBytes(copy), java.nio.charset.StandardCharsets.ISO_8859_1)
                            .contains("NETSCAPE2.0"),
                    "the video repeats");
        }

        @Test
        void aVideoThatIsCutShortIsNamedWithItsFrame() throws IOException {
            byte[] whole = Files.readAllBytes(moving);
            for (int length : new int[] {whole.length - 1, whole.length * 2 / 3, whole.length / 2}) {
                Path cut = Files.write(folder.resolve("cut.gif"), Arrays.copyOf(whole, length));
                IOException refusal = assertThrows(IOException.class, () -> frames(cut));
                assertTrue(
                        refusal.getMessage().matches(".*cut\\.gif: frame \\d+ cannot be read; the file is cut short.*"),
                        refusal.getMessage());
            }
            Path head = Files.write(folder.resolve("cut.gif"), Arrays.copyOf(whole, 9));
            assertTrue(assertThrows(IOException.class, () -> frames(head))
                    .getMessage()
                    .endsWith("is not a GIF file, or its head is damaged"));
        }

        @Test
        void anInterruptedVideoLeavesNoFile() throws IOException {
            try (FrameSink sink = FrameSink.create(folder.resolve("half.gif"), 10)) {
                sink.add(frames(moving).getFirst());
            }
            try (Stream<Path> files = Files.list(folder)) {
                assertEquals(
                        List.of("moving.gif"),
                        files.map(f -> f.getFileName().toString()).toList());
            }
        }
    }

    @Nested
    class Explanations {
        private VideoExplanation.Result explain(Path in, VideoSettings settings, Path out) throws IOException {
            try (Device device = TestDevices.open("cpu");
                    ImagePipeline pipeline = ImagePipeline.open(
                            ToyModels.untrained(
                                    Toys.network(), Optional.of(new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0))),
                            device)) {
                return new VideoExplanation(pipeline, settings, new Quiet())
                        .explain(in, out)
                        .orElseThrow();
            }
        }

        @Test
        void showEachFrameBesideItsMap() throws IOException {
            Path out = folder.resolve("out.gif");
            VideoExplanation.Result result = explain(moving, VideoSettings.WHOLE, out);
            assertEquals(10, result.frames());
            assertTrue(result.stability() > -1 && result.stability() < 1, "" + result);
            List<Frame> frames = frames(out);
            assertEquals(10, frames.size());
            BufferedImage picture = frames.getFirst().picture();
            assertEquals(2 * 224 + 8, picture.getWidth());
            assertEquals(224, picture.getHeight());
            assertEquals(0.2, frames.getLast().seconds(), 1e-9);
        }

        @Test
        void startEndClassAndRangeAreThoseThatWereGiven() throws IOException {
            VideoSettings part = new VideoSettings(
                    OptionalInt.of(2), 0.3, 0.7, new VideoSettings.Box(0, 0, 0.5, 1), Optional.of(new ColourRange(3)));
            VideoExplanation.Result result = explain(moving, part, folder.resolve("out.gif"));
            assertEquals(3, result.frames(), "frames at 0.3, 0.4 and 0.5 s");
            assertEquals(2, result.target());
            assertEquals(3, result.range().limit());
        }

        @Test
        void aBoxIsCutOutOfEachFrame() {
            BufferedImage picture = new BufferedImage(40, 20, BufferedImage.TYPE_INT_RGB);
            picture.setRGB(10, 5, 0x123456);
            BufferedImage part = new VideoSettings.Box(0.25, 0.25, 0.75, 1).of(picture);
            assertEquals(20, part.getWidth());
            assertEquals(15, part.getHeight());
            assertEquals(0xff123456, part.getRGB(0, 0));
            assertThrows(IllegalArgumentException.class, () -> new VideoSettings.Box(0.5, 0, 0.5, 1));
            assertThrows(IllegalArgumentException.class, () -> new VideoSettings.Box(0, 0, 1.5, 1));
        }

        @Test
        void videosWithoutFramesAreRefused() throws IOException {
            VideoSettings late =
                    new VideoSettings(OptionalInt.empty(), 60, 70, VideoSettings.Box.WHOLE, Optional.empty());
            IOException refusal =
                    assertThrows(IOException.class, () -> explain(moving, late, folder.resolve("out.gif")));
            assertTrue(refusal.getMessage().endsWith("has no frames between the start and the end"));
            Path empty = Files.write(folder.resolve("empty.gif"), new byte[0]);
            assertTrue(assertThrows(
                            IOException.class, () -> explain(empty, VideoSettings.WHOLE, folder.resolve("out.gif")))
                    .getMessage()
                    .endsWith("is empty"));
            // The head and the trailer of a GIF file, with nothing in between.
            byte[] none = Arrays.copyOf(Files.readAllBytes(moving), 14);
            none[10] = 0;
            none[13] = ';';
            Path noFrame = Files.write(folder.resolve("none.gif"), none);
            assertTrue(assertThrows(
                            IOException.class, () -> explain(noFrame, VideoSettings.WHOLE, folder.resolve("out.gif")))
                    .getMessage()
                    .endsWith("has no frames"));
            assertFalse(Files.exists(folder.resolve("out.gif")));
        }

        @Test
        void otherNamesAreRefused() {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> explain(moving, VideoSettings.WHOLE, folder.resolve("out.txt")));
        }
    }

    @Nested
    class ProgramFfmpeg {
        private Path movingAsMp4() throws IOException {
            Path video = folder.resolve("moving.mp4");
            try (FrameSink sink = FrameSink.create(video, 10)) {
                for (Frame frame : frames(moving)) {
                    sink.add(frame);
                }
                sink.finish();
            }
            return video;
        }

        @BeforeEach
        void findProgram() {
            boolean found = true;
            try (Ffmpeg version = Ffmpeg.start(List.of("-version"))) {
                version.process().getInputStream().readAllBytes();
            } catch (IOException e) {
                found = false;
            }
            Skip.unless(found, "no ffmpeg on the PATH, so no MP4 file was written and read");
        }

        @Test
        void writesAndReadsMp4() throws IOException {
            List<Frame> frames = frames(movingAsMp4());
            assertEquals(10, frames.size());
            assertEquals(0.1, frames.getFirst().seconds(), 1e-6);
            int rgb = frames.get(7).picture().getRGB(33, 12);
            assertTrue((rgb >> 16 & 255) > 150 && (rgb & 255) < 110, Integer.toHexString(rgb));
        }

        @Test
        void aVideoThatIsCutShortIsRefused() throws IOException {
            byte[] whole = Files.readAllBytes(movingAsMp4());
            Path cut = Files.write(folder.resolve("cut.mp4"), Arrays.copyOf(whole, whole.length / 2));
            IOException refusal = assertThrows(IOException.class, () -> frames(cut));
            assertTrue(refusal.getMessage().startsWith(cut + ": "), refusal.getMessage());
            Path text = Files.writeString(folder.resolve("text.mp4"), "no video");
            assertTrue(assertThrows(IOException.class, () -> frames(text))
                    .getMessage()
                    .contains("holds no frames that ffmpeg can read"));
        }
    }

    @Test
    void withoutFfmpegTheMessageSaysWhatToDo() {
        String before = System.getProperty("codanet.ffmpeg");
        System.setProperty("codanet.ffmpeg", folder.resolve("missing").toString());
        try {
            IOException refusal = assertThrows(IOException.class, () -> Ffmpeg.start(List.of("-version")));
            assertTrue(refusal.getMessage().contains("install ffmpeg, or convert the video to GIF"));
        } finally {
            if (before == null) {
                System.clearProperty("codanet.ffmpeg");
            } else {
                System.setProperty("codanet.ffmpeg", before);
            }
        }
    }

    @Test
    void stabilityIsTheMeanCorrelation() {
        Stability stability = new Stability();
        stability.add(new float[] {1, 2, 3});
        assertEquals(1, stability.mean());
        stability.add(new float[] {3, 5, 7});
        assertEquals(1, stability.mean(), 1e-12);
        stability.add(new float[] {7, 5, 3});
        assertEquals(0, stability.mean(), 1e-12);
        assertEquals(1, Stability.correlation(new float[2], new float[2]));
        assertEquals(0, Stability.correlation(new float[2], new float[] {1, 2}));
        assertNotEquals(1, Stability.correlation(new float[] {1, 2, 4}, new float[] {1, 2, 3}));
    }

    private static final class Quiet implements VideoExplanation.Listener {
        @Override
        public boolean surveyed(int frames) {
            return true;
        }

        @Override
        public boolean explained(int done, int of) {
            return true;
        }
    }
}
