package org.codanet.video;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The frames of a video, in order. Not thread-safe. */
public interface FrameSource extends Closeable {
    /**
     * {@return the next frame; empty after the last one}
     *
     * @throws IOException naming the file and the frame if the video is damaged or ends too early
     */
    Optional<Frame> next() throws IOException;

    /**
     * Opens a video.
     *
     * @throws IOException naming the file and the reason if it cannot be read
     */
    static FrameSource open(Path file) throws IOException {
        return VideoFormat.of(file) == VideoFormat.GIF ? new GifFrames(file) : new FfmpegFrames(file);
    }
}
